"""On which channels officers can be reached, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from services.console.core.access import Viewer
from services.console.core.masking import DataClass, opens
from services.console.core.names import Names
from services.console.core.record import Json
from shared.contracts.fields import Post
from shared.contracts.pages import Channel, RosterSlot
from shared.contracts.reachability import ChannelReach, Outcome
from shared.domain.channel_health.score import Reach, best, reach_of, score
from shared.domain.wording import CHANNELS

Show = Literal["all", "gaps", "silent"]
EMPTY = "empty"
_CHANNELS: TypeAdapter[tuple[ChannelReach, ...]] = TypeAdapter(tuple[ChannelReach, ...])
_POSTS = list(Post)
_MISSED = frozenset({Outcome.SILENT, Outcome.FAILED})


@dataclass(frozen=True, slots=True)
class PostReachability:
    """A post, who holds it (None: nobody) and what is known of his channels."""

    slot: RosterSlot
    known: Mapping[Channel, ChannelReach]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """On which channels the holder is paged; the console is always one."""
        if self.slot.officer is None:
            return ()
        return tuple(dict.fromkeys((Channel.CONSOLE, *self.slot.channels)))

    def reached(self, now: datetime) -> str:
        """What may be expected of the post: a Reach, or `empty`."""
        if self.slot.officer is None:
            return EMPTY
        return best(reach_of(self.known.get(channel), now) for channel in self.channels)

    def is_gap(self, now: datetime) -> bool:
        """Whether nobody would be reached there."""
        return self.reached(now) in (EMPTY, Reach.UNREACHABLE)

    @property
    def silent(self) -> list[Channel]:
        """Channels whose last communication test was not answered."""
        return [
            channel
            for channel in self.channels
            if channel in self.known and self.known[channel].tested in _MISSED
        ]


def standings(slots: Iterable[RosterSlot], known: Mapping[str, str]) -> list[PostReachability]:
    """The posts in order of their units; `known` is an officer's channels as stored."""
    results = []
    for slot in sorted(slots, key=lambda slot: (slot.unit, _POSTS.index(slot.post))):
        stored = known.get(slot.officer.officer_id) if slot.officer is not None else None
        channels = _CHANNELS.validate_json(stored) if stored is not None else ()
        results.append(
            PostReachability(
                slot, {channel_reach.channel: channel_reach for channel_reach in channels}
            )
        )
    return results


def counts(found: Sequence[PostReachability], now: datetime) -> dict[str, int]:
    """How many posts are reached how; `gaps` and `silent` are those that the lists of that name show."""
    seen = Counter(one.reached(now) for one in found)
    return {
        **{name: seen[name] for name in (*Reach, EMPTY)},
        "gaps": sum(one.is_gap(now) for one in found),
        "silent": sum(bool(one.silent) for one in found),
    }


def chosen(found: Sequence[PostReachability], show: Show, now: datetime) -> list[PostReachability]:
    """All posts, those where nobody would be reached, or those whose last test was not answered."""
    if show == "gaps":
        return [one for one in found if one.is_gap(now)]
    return [one for one in found if one.silent] if show == "silent" else list(found)


def cursor_of(standing: PostReachability) -> str:
    """Where the list goes on after this post."""
    return f"{standing.slot.unit}:{standing.slot.post}"


def after(found: Sequence[PostReachability], cursor: str) -> list[PostReachability]:
    """What follows a cursor, whether its post is still there or not."""
    unit, _, post = cursor.partition(":")
    rank = _POSTS.index(Post(post)) if post in _POSTS else -1
    return [one for one in found if (one.slot.unit, _POSTS.index(one.slot.post)) > (unit, rank)]


def view(standing: PostReachability, viewer: Viewer, names: Names, now: datetime) -> Json:
    """One post; name and phone number to whom they are open."""
    unit, officer = standing.slot.unit, standing.slot.officer
    named = officer is not None and opens(viewer, unit, DataClass.NAME)
    reached = officer is not None and opens(viewer, unit, DataClass.CONTACT)
    return {
        "unit": unit,
        "unit_name": names.unit(unit),
        "post": standing.slot.post,
        "officer_id": officer.officer_id if officer is not None else None,
        "name": officer.name if officer is not None and named else None,
        "phone": officer.phone if officer is not None and reached else None,
        "reach": standing.reached(now),
        "gap": standing.is_gap(now),
        "silent": standing.silent,
        "channels": [
            _channel(channel, standing.known.get(channel), now) for channel in standing.channels
        ],
    }


def _channel(channel: Channel, existing_channel_reach: ChannelReach | None, now: datetime) -> Json:
    zh, en = CHANNELS[channel]
    return {
        "channel": channel,
        "zh": zh,
        "en": en,
        "score": round(score(existing_channel_reach, now), 2),
        "reach": reach_of(existing_channel_reach, now),
        "last": existing_channel_reach.last if existing_channel_reach is not None else None,
        "at": existing_channel_reach.at if existing_channel_reach is not None else None,
        "heard_at": existing_channel_reach.heard_at if existing_channel_reach is not None else None,
        "tested": existing_channel_reach.tested if existing_channel_reach is not None else None,
        "tested_at": existing_channel_reach.tested_at
        if existing_channel_reach is not None
        else None,
    }
