"""Deletions as the gateway starts them: durable before anything is answered, then done at once.

The tasks that do them are owned here. What they leave undone the sweeper completes, so that an
answer may come before the end, and the process may stop.
"""

import asyncio
import logging
from collections.abc import Coroutine

from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import Erasure, ErasureJobs, Held
from shared.control_items import LIFETIME_SLACK_S, ControlItems
from shared.errors import DependencyUnavailable, StaleRecord
from shared.item_store import ItemStore
from shared.object_store import ObjectStore
from shared.purging import Purger
from shared.record_store import RecordStore
from shared.tombstones import Tombstones

logger = logging.getLogger(__name__)

PURGE_PATIENCE_S = 5.0  # of the one who deletes an image; the purge goes on


def deletions_on(
    items: ItemStore,
    control: ControlItems,
    records: RecordStore,
    objects: ObjectStore,
    *,
    retention: float,  # seconds
) -> "Deletions":
    """Deletions in these stores."""
    jobs = ErasureJobs(control, lifetime=retention + LIFETIME_SLACK_S)
    return Deletions(
        Purger(items, records, objects, Tombstones(items)),
        jobs,
        Eraser(jobs, items, records, objects),
    )


class Deletions:
    """Deletes one image, or everything."""

    def __init__(self, purger: Purger, jobs: ErasureJobs, eraser: Eraser) -> None:
        self._purger = purger
        self._jobs = jobs
        self._eraser = eraser
        self._tasks: set[asyncio.Task[None]] = set()
        self._erasing: dict[str, asyncio.Task[None]] = {}

    async def delete_image(self, user_id: str, image_id: str) -> None:
        """Delete an image; one that is not there, or not this user's, is none. On return it is
        gone, or its tombstone is durable.
        """
        key = (user_id, image_id)
        found = (await self._purger.records.find([key])).get(key)
        if found is None or found.is_erased:
            return
        epoch = found.record.epoch
        await self._purger.tombstones.bury(user_id, image_id, epoch=epoch, related=found.related)
        task = self._own(self._purge(user_id, image_id, found.related))
        await asyncio.wait({task}, timeout=PURGE_PATIENCE_S)

    async def delete_all(self, user_id: str, *, patience: float) -> Erasure:
        """Delete everything of a user, or join the deletion that runs already. As it stands when
        it is done, or after ``patience`` seconds.
        """
        begun = await self._jobs.begin(user_id)
        if isinstance(begun, Held):
            erasure = begun.erasure
            task = self._own(erase(self._eraser, self._jobs, begun))
            self._erasing[erasure.deletion_id] = task
            task.add_done_callback(lambda _: self._erasing.pop(erasure.deletion_id))
        else:
            erasure = begun
        running = self._erasing.get(erasure.deletion_id)
        if running is not None:
            await asyncio.wait({running}, timeout=patience)
        return await self._jobs.latest(user_id) or erasure

    async def latest(self, user_id: str) -> Erasure | None:
        """The user's last deletion of everything, if there was one."""
        return await self._jobs.latest(user_id)

    async def close(self) -> None:
        """Hand what is under way over to the sweeper."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _own(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _purge(self, user_id: str, image_id: str, related: tuple[str, ...]) -> None:
        try:
            await self._purger.remove(user_id, image_id, related=related)
            await self._purger.tombstones.purged(user_id, image_id)
        except Exception as error:  # noqa: BLE001  the tombstone stands: the sweeper tries again
            logger.warning(
                "purge left to the sweeper",
                extra={"image_id": image_id, "error": type(error).__name__},
            )


async def erase(eraser: Eraser, jobs: ErasureJobs, held: Held) -> None:
    """Run a deletion of everything to its end, or give it back for the sweeper to take up."""
    names = {"deletion_id": held.erasure.deletion_id}
    try:
        await eraser.run(held)
        logger.info("erased", extra=names)
    except StaleRecord:
        logger.info("erasure taken over", extra=names)
    except asyncio.CancelledError:
        await _give_back(jobs, held)
        raise
    except DependencyUnavailable as error:
        # Not given back: the end of its lease is soon enough to ask again.
        logger.warning("erasure interrupted", extra=names | {"dependency": error.dependency})
    except Exception:  # the boundary of a task that nobody awaits for its result
        logger.exception("erasure interrupted", extra=names)


async def _give_back(jobs: ErasureJobs, held: Held) -> None:
    try:
        await jobs.release(held)
    except (DependencyUnavailable, StaleRecord):
        return  # its lease ends by itself
