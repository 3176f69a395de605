"""How loud a recording is and the peaks of its waveform, in one pass over the decoded sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picasso.process.contract import JSON, Derivative
from picasso.process.processors.av import waveform
from picasso.process.processors.av.completeness import is_told, reaches
from picasso.process.processors.av.facts import duration
from picasso.process.processors.av.open_media import LOOKING_BYTES, corrupt, frames, lean, packets
from picasso.process.processors.av.waveform import Wave

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.filter import Graph
    from av.filter.context import FilterContext

    from picasso.process.processors.av.open_media import Reader

# BS.1770 gates what is below -70 LUFS: there is no loudness of silence.
SILENCE = -70.0

# Samples a second of stereo at 48 kHz: what there is more of in a second takes longer to measure, and counts for more.
USUAL = 2 * 48_000

# EBU Tech 3342 looks at stretches of three seconds; of a short recording they say nothing, and FFmpeg 20 LU.
RANGE_SECONDS = 10.0


@dataclass(slots=True)
class Sound:
    """What one pass finds."""

    wave: Wave
    seconds: float = 0.0
    samples: int = 0
    """Of all channels."""
    loudness: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Whether it went on after the time that was given."""


def hear(
    container: InputContainer, reader: Reader, max_seconds: int, folder: Path
) -> tuple[dict[str, JSON], tuple[Derivative, ...]]:
    """Loudness and waveform of the stream that a player plays; neither where it is longer than ``max_seconds``."""
    stream: Any = container.streams.best("audio")
    if stream is None or not stream.codec_context:
        return {}, ()
    lean(stream.codec_context)
    reader.allow(3 * reader.size + LOOKING_BYTES)
    heard = listen(container, stream, duration(container), max_seconds)
    if heard is None:
        raise corrupt()
    if heard.cut:
        return {}, ()
    return facts(heard) | length(heard, container, reader), waveform.drawn(heard.wave, folder)


def length(heard: Sound, container: InputContainer, reader: Reader) -> dict[str, JSON]:
    """Whether all was there; and where the file tells no duration, that of what was heard."""
    if is_told(container, reader):
        return {"complete": reaches(heard.seconds, container)}
    seconds = max(heard.seconds, 0.001)
    return {"duration": round(seconds, 3), "bitrate": round(8 * reader.size / seconds), "complete": True}


def listen(container: InputContainer, stream: AudioStream, seconds: float | None, max_seconds: int) -> Sound | None:
    """All of the stream up to ``max_seconds``; None where nothing can be decoded.

    ``seconds`` is how long it is said to be, for the size of the pieces.
    """
    sound = None
    graph = None
    for frame in (frame for packet in packets(container, stream) for frame in frames(packet)):
        if graph is None or sound is None:
            sound = Sound(Wave.of(frame.sample_rate, seconds))
            graph = Meter(frame, sound)
        elif not graph.takes(frame):
            continue  # a change of rate or layout in mid-stream, which no player follows either
        sound.seconds += frame.samples / sound.wave.rate
        sound.samples += frame.samples * frame.layout.nb_channels
        if sound.seconds > max_seconds or sound.samples > max_seconds * USUAL:
            sound.cut = True
            return sound
        graph.push(frame)
    if graph is None or sound is None:
        return None
    graph.finish()
    return sound


class Meter:
    """FFmpeg's meters: ebur128 on the sound as it is, astats on pieces of its mono mix."""

    def __init__(self, first: AudioFrame, sound: Sound) -> None:
        from av.filter import Graph

        self._sound = sound
        self._kind = _kind(first)
        self._samples = 0
        self._tick = Fraction(1, first.sample_rate)
        self._graph = graph = Graph()
        self._source = graph.add_abuffer(
            sample_rate=first.sample_rate, format=first.format.name, layout=first.layout, time_base=self._tick
        )
        both = graph.add("asplit", "2")
        self._source.link_to(both)
        self._loud = _chain(graph, both, 0, (("ebur128", "peak=true:metadata=1:framelog=quiet"),))
        self._pieces = _chain(graph, both, 1, (*_mono(), ("asetnsamples", f"n={sound.wave.per_point}:p=0"), ASTATS))
        graph.configure()

    def takes(self, frame: AudioFrame) -> bool:
        return _kind(frame) == self._kind

    def push(self, frame: AudioFrame) -> None:
        frame.pts, frame.time_base = self._samples, self._tick  # broken timestamps would make gaps
        self._samples += frame.samples
        self._source.push(frame)
        self._pull()

    def finish(self) -> None:
        self._source.push(None)
        self._pull()
        self._sound.wave.fit()

    def _pull(self) -> None:
        for frame in _pulled(self._loud):
            self._sound.loudness = frame.metadata or self._sound.loudness  # the last piece may be too short
        for frame in _pulled(self._pieces):
            told = frame.metadata
            low, high = (float(told.get(f"lavfi.astats.Overall.{end}_level", 0)) for end in ("Min", "Max"))
            self._sound.wave.add(*(int(level) if math.isfinite(level) else 0 for level in (low, high)))


ASTATS = ("astats", "metadata=1:reset=1:measure_perchannel=none:measure_overall=Min_level+Max_level")


def _mono() -> tuple[tuple[str, str], ...]:
    return (("aformat", "channel_layouts=mono:sample_fmts=s16"),)


def _kind(frame: AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name


def _chain(graph: Graph, node: FilterContext, output: int, steps: tuple[tuple[str, str], ...]) -> FilterContext:
    """Append filters to one output of ``node``; returns the end to pull from."""
    for name, arguments in (*steps, ("abuffersink", None)):
        following = graph.add(name, arguments)
        node.link_to(following, output, 0)
        node, output = following, 0
    return node


def _pulled(sink: FilterContext) -> Iterator[Any]:
    import av

    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def facts(sound: Sound) -> dict[str, JSON]:
    """Loudness after EBU R 128: LUFS, LU and dBTP; what silence does not have is left out."""
    told = {name: float(text) for name, text in sound.loudness.items()}
    loud = told.get("lavfi.r128.I", SILENCE)
    peak = told.get("lavfi.r128.true_peak", 0.0)
    found: dict[str, JSON] = {}
    if math.isfinite(loud) and loud > SILENCE:
        found["integrated_lufs"] = round(loud, 1)
        if sound.seconds >= RANGE_SECONDS:
            found["range_lu"] = round(told.get("lavfi.r128.LRA", 0.0), 1)
    if math.isfinite(peak) and peak > 0:
        found["true_peak_dbtp"] = round(20 * math.log10(peak), 1)
    return {"loudness": found or None}
