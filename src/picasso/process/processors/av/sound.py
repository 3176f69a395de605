"""The loudness of a recording and the peaks of its waveform, in one pass over the decoded sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picasso.process.contract import JSON, Derivative
from picasso.process.processors.av import waveform
from picasso.process.processors.av.completeness import covers_duration, has_exact_duration, lacks_end
from picasso.process.processors.av.facts import duration
from picasso.process.processors.av.open_media import SCAN_BYTES, corrupt, frames, limit_decoder, packets
from picasso.process.processors.av.waveform import Wave

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.filter import Graph
    from av.filter.context import FilterContext

    from picasso.process.processors.av.open_media import Reader

# BS.1770 ignores sound below -70 LUFS, so silence has no loudness.
SILENCE = -70.0

# Samples a second of stereo at 48 kHz. A recording with more samples a second takes longer and counts for more.
USUAL_SAMPLES = 2 * 48_000

# EBU Tech 3342 looks at stretches of three seconds. For a short recording they mean nothing, and FFmpeg returns 20 LU.
RANGE_SECONDS = 10.0


@dataclass(slots=True)
class SoundMeasurement:
    """The result of one pass."""

    wave: Wave
    seconds: float = 0.0
    samples: int = 0
    """Of all channels together."""
    loudness: dict[str, str] = field(default_factory=dict)
    too_long: bool = False
    """Whether the recording is longer than was allowed."""


def analyse(
    container: InputContainer, reader: Reader, max_seconds: int, folder: Path
) -> tuple[dict[str, JSON], tuple[Derivative, ...]]:
    """Loudness and waveform of the stream that a player plays; neither if it is longer than ``max_seconds``."""
    stream: Any = container.streams.best("audio")
    if stream is None or not stream.codec_context:
        return {}, ()
    limit_decoder(stream.codec_context)
    reader.allow(3 * reader.size + SCAN_BYTES)
    sound = measure(container, stream, duration(container), max_seconds)
    if sound is None:
        raise corrupt()
    if sound.too_long:
        return {}, ()
    return facts(sound) | duration_facts(sound, container, reader), waveform.save(sound.wave, folder)


def duration_facts(sound: SoundMeasurement, container: InputContainer, reader: Reader) -> dict[str, JSON]:
    """Whether the recording is complete. If the file does not tell its duration, that of the decoded sound."""
    if has_exact_duration(container, reader):
        return {"complete": covers_duration(sound.seconds, container) and not lacks_end(reader)}
    seconds = max(sound.seconds, 0.001)
    return {"duration": round(seconds, 3), "bitrate": round(8 * reader.size / seconds), "complete": True}


def measure(
    container: InputContainer, stream: AudioStream, seconds: float | None, max_seconds: int
) -> SoundMeasurement | None:
    """Measure the stream, up to ``max_seconds``; None if nothing can be decoded.

    ``seconds`` is the declared duration, which decides how many samples make a point.
    """
    sound = None
    graph = None
    for frame in (frame for packet in packets(container, stream) for frame in frames(packet)):
        if graph is None or sound is None:
            sound = SoundMeasurement(Wave.of(frame.sample_rate, seconds))
            graph = Meter(frame, sound)
        elif not graph.accepts(frame):
            continue  # a change of rate or layout in the middle, which players do not follow either
        sound.seconds += frame.samples / sound.wave.rate
        sound.samples += frame.samples * frame.layout.nb_channels
        if sound.seconds > max_seconds or sound.samples > max_seconds * USUAL_SAMPLES:
            sound.too_long = True
            return sound
        graph.push(frame)
    if graph is None or sound is None:
        return None
    graph.finish()
    return sound


class Meter:
    """FFmpeg's meters: ebur128 for the sound as it is, astats for pieces of its mono mix."""

    def __init__(self, first: AudioFrame, sound: SoundMeasurement) -> None:
        from av.filter import Graph

        self._sound = sound
        self._format = _format_of(first)
        self._samples = 0
        self._time_base = Fraction(1, first.sample_rate)
        self._graph = graph = Graph()
        self._source = graph.add_abuffer(
            sample_rate=first.sample_rate, format=first.format.name, layout=first.layout, time_base=self._time_base
        )
        split = graph.add("asplit", "2")
        self._source.link_to(split)
        self._loudness = _chain(graph, split, 0, (("ebur128", "peak=true:metadata=1:framelog=quiet"),))
        self._points = _chain(graph, split, 1, (*_mono(), ("asetnsamples", f"n={sound.wave.per_point}:p=0"), ASTATS))
        graph.configure()

    def accepts(self, frame: AudioFrame) -> bool:
        return _format_of(frame) == self._format

    def push(self, frame: AudioFrame) -> None:
        frame.pts, frame.time_base = self._samples, self._time_base  # broken timestamps would make gaps
        self._samples += frame.samples
        self._source.push(frame)
        self._pull()

    def finish(self) -> None:
        self._source.push(None)
        self._pull()
        self._sound.wave.limit_points()

    def _pull(self) -> None:
        for frame in _pull_all(self._loudness):
            self._sound.loudness = frame.metadata or self._sound.loudness  # the last frame may be too short to have any
        for frame in _pull_all(self._points):
            measured = frame.metadata
            low, high = (float(measured.get(f"lavfi.astats.Overall.{end}_level", 0)) for end in ("Min", "Max"))
            self._sound.wave.add(*(int(level) if math.isfinite(level) else 0 for level in (low, high)))


ASTATS = ("astats", "metadata=1:reset=1:measure_perchannel=none:measure_overall=Min_level+Max_level")


def _mono() -> tuple[tuple[str, str], ...]:
    return (("aformat", "channel_layouts=mono:sample_fmts=s16"),)


def _format_of(frame: AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name


def _chain(graph: Graph, node: FilterContext, output: int, steps: tuple[tuple[str, str], ...]) -> FilterContext:
    """Append filters to one output of ``node``. Returns the sink to pull from."""
    for name, arguments in (*steps, ("abuffersink", None)):
        following = graph.add(name, arguments)
        node.link_to(following, output, 0)
        node, output = following, 0
    return node


def _pull_all(sink: FilterContext) -> Iterator[Any]:
    import av

    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def facts(sound: SoundMeasurement) -> dict[str, JSON]:
    """Loudness by EBU R 128: LUFS, LU and dBTP. Values that silence does not have are left out."""
    measured = {name: float(text) for name, text in sound.loudness.items()}
    loud = measured.get("lavfi.r128.I", SILENCE)
    peak = measured.get("lavfi.r128.true_peak", 0.0)
    loudness: dict[str, JSON] = {}
    if math.isfinite(loud) and loud > SILENCE:
        loudness["integrated_lufs"] = round(loud, 1)
        if sound.seconds >= RANGE_SECONDS:
            loudness["range_lu"] = round(measured.get("lavfi.r128.LRA", 0.0), 1)
    if math.isfinite(peak) and peak > 0:
        loudness["true_peak_dbtp"] = round(20 * math.log10(peak), 1)
    return {"loudness": loudness or None}
