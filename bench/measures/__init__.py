"""The measurements, by the name they are asked for on the command line, in the order they run."""

from collections.abc import Callable

from bench.measures import (
    access,
    big,
    chaos,
    containment,
    downloads,
    events,
    finish,
    image,
    jobs,
    latency,
    listing,
    lists,
    memory,
    page,
    page_small,
    pdf,
    rates,
    regression,
    resumable,
    resumable_small,
    small,
    stalled,
    table,
    thumbnails,
    video,
    webhooks,
)
from bench.place import Place
from bench.report import Row

MEASURES: dict[str, Callable[[Place], list[Row]]] = {
    "big": big.measure,
    "resumable": resumable.measure,
    "resumable-small": resumable_small.measure,
    "downloads": downloads.measure,
    "page-small": page_small.measure,
    "finish": finish.measure,
    "chaos": chaos.measure,
    "small": small.measure,
    "latency": latency.measure,
    "jobs": jobs.measure,
    "listing": listing.measure,
    "lists": lists.measure,
    "page": page.measure,
    "stalled": stalled.measure,
    "memory": memory.measure,
    "containment": containment.measure,
    "image": image.measure,
    "thumbnails": thumbnails.measure,
    "pdf": pdf.measure,
    "table": table.measure,
    "video": video.measure,
    "rates": rates.measure,
    "access": access.measure,
    "events": events.measure,
    "webhooks": webhooks.measure,
    "regression": regression.measure,
    "regression-jobs": regression.measure_jobs,
}

PARTS = frozenset({"regression-jobs"})
"""Parts of other measurements, measured only where they are named."""

WITH_BEFORE = frozenset({"regression"})
"""Those that need an earlier build."""
