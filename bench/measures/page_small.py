"""Many small files dropped on the page of the console, against the same by forms in the same browser, six at a time.

Both are measured from the first request to the last answer, in one Chromium, with one web process and no workers.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from tests.devtools import Browsers, Window

from bench import contenders
from bench.load import HOST
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import interleaved
from bench.stack import Program, services

SIZE = 10_000
NOT_SLOWER = Bar("<=", 1.1, "x")

TRAY_IS_THERE = "!!document.querySelector('.dock')"

MAKE = """
    window.round = (window.round ?? 0) + 1;
    const files = Array.from({length: %(number)d}, (_, n) => new File(
        [crypto.getRandomValues(new Uint8Array(%(size)d))], `${window.round}-${n}.bin`, {lastModified: window.round}));
"""

# The tray is drawn some times in a second, so the end is taken from the requests.
DROP = (
    """(async () => {"""
    + MAKE
    + """
    const data = new DataTransfer();
    for (const file of files) data.items.add(file);
    performance.clearResourceTimings();
    performance.setResourceTimingBufferSize(10_000);
    document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
    const sent = () => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/uploads/'));
    while (sent().length < files.length) await new Promise((done) => setTimeout(done, 20));
    const wrong = sent().filter(({ responseStatus }) => responseStatus !== 201).length;
    const times = sent().flatMap(({ startTime, responseEnd }) => [startTime, responseEnd]);
    return wrong ? -wrong : (Math.max(...times) - Math.min(...times)) / 1000;
})()"""
)

FORMS = (
    """(async () => {"""
    + MAKE
    + """
    const begin = performance.now();
    let wrong = 0;
    const send = async () => {
        for (let file; (file = files.pop());) {
            const form = new FormData();
            form.append('file', file);
            const answer = await fetch('/api/v1.0/upload/', {method: 'POST', body: form});
            await answer.json();
            wrong += answer.status !== 201;
        }
    };
    await Promise.all(Array.from({length: 6}, send));
    return wrong ? -wrong : (performance.now() - begin) / 1000;
})()"""
)


class PageError(Exception):
    """Not all files were stored."""


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("small files on the page", "-", bar=NOT_SLOWER, why="picasso did not run")]
    number = place.pick(300, 100)
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        env = contenders.picasso_env(place.new_folder("page"), near.database("page"), near.broker_url)
        env["PICASSO_RATES"] = "off"
        contenders.migrate_picasso(env)
        web = stack.enter_context(contenders.picasso(place, "web", env))
        window = stack.enter_context(chromium(place))
        scripts = {"page": DROP, "forms": FORMS}
        runs = {name: partial(seconds, window, web, script, number) for name, script in scripts.items()}
        interleaved(1, runs)
        samples = interleaved(place.pick(7, 3), runs)
    what = f"{number} files of {SIZE // 1000} KB dropped on the page ÷ the same by forms on 6 connections, time"
    return [compared(what, samples, "page", "forms", bar=NOT_SLOWER, shown=show(samples, "s", 2))]


@contextmanager
def chromium(place: Place) -> Iterator[Window]:
    browsers = Browsers(place.new_folder("profiles"))
    try:
        with browsers.running().window() as window:
            yield window
    finally:
        browsers.kill()


def seconds(window: Window, web: Program, script: str, number: int) -> float:
    with closing(window.page(f"http://{HOST}:{web.port}/uploads/", TRAY_IS_THERE)) as page:
        found: float = page.run(script % {"number": number, "size": SIZE})
    if found < 0:
        raise PageError(f"{-found:.0f} of {number} files were not stored")
    return found
