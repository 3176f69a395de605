"""The middle of a large upload: received into memory from which hash and disk take it without a copy.

An upload that is received like this has two blocks: one is filled while the other is hashed and written. What may not
be content, and what fills no block of the disk, moves on to the start of the next.
"""

from __future__ import annotations

from typing import Self

from picasso.receive.sink import Sink, run_to_end
from picasso.storage.blocks import BLOCK, Block

# Larger blocks cost memory, smaller ones more turns: 0.89 s of CPU for a gibibyte at 2 MiB, 0.80 s at 4 MiB.
BLOCK_SIZE = 4 * 2**20
MAX_UPLOADS = 6

# So many blocks are kept for the next upload: the kernel takes 1 ms to clear the pages of a new one.
SPARE_BLOCKS = 4


class BlockPool:
    """The blocks of one process. Used on the loop's thread only."""

    def __init__(self) -> None:
        self.uploads = 0
        """How many are received into blocks now."""
        self._spare: list[Block] = []

    @property
    def available(self) -> bool:
        return self.uploads < MAX_UPLOADS

    def take(self) -> Block:
        return self._spare.pop() if self._spare else Block(BLOCK_SIZE)

    def give_back(self, *blocks: Block) -> None:
        for block in blocks[: SPARE_BLOCKS - len(self._spare)]:
            block.end = 0
            self._spare.append(block)


class BlockWriter:
    """Writes blocks to a sink. Use as a context manager, if the pool is `available`."""

    def __init__(self, sink: Sink, pool: BlockPool) -> None:
        self._sink = sink
        self._pool = pool
        self._counted = 0  # bytes at the start of the block that the sink has counted and hashed already

    async def __aenter__(self) -> Self:
        self._pool.uploads += 1
        try:
            rest = await self._sink.take_rest()
        except BaseException:
            self._pool.uploads -= 1
            raise
        # Not before: an upload that waits, or was interrupted while waiting, holds no memory.
        self.block, self._other = self._pool.take(), self._pool.take()
        self.block.append(rest)
        self._counted = len(rest)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pool.uploads -= 1
        pool, blocks = self._pool, (self.block, self._other)
        self._sink.when_written(lambda: pool.give_back(*blocks))

    async def turn(self, overlap: int) -> None:
        """Go on in the other block. All of this one except for its last ``overlap`` bytes is content."""
        block, counted = self.block, self._counted
        content = block.end - overlap
        whole = content - content % BLOCK
        await self._sink.write_block(block.view[:whole], counted)
        self.block, self._other, self._counted = self._other, block, 0
        self.block.end = 0
        self.block.append(block.view[whole : block.end])

    async def end(self, content: int) -> bytes:
        """Write the last block, which has so many bytes of content. Returns what follows them."""
        content = max(content, self._counted)
        await run_to_end(self._sink.write_block(self.block.view[:content], self._counted))
        return bytes(self.block.view[content : self.block.end])
