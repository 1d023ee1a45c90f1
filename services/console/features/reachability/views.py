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
    reach_by_channel: Mapping[Channel, ChannelReach]

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
        return best(reach_of(self.reach_by_channel.get(channel), now) for channel in self.channels)

    def is_gap(self, now: datetime) -> bool:
        """Whether nobody would be reached there."""
        return self.reached(now) in (EMPTY, Reach.UNREACHABLE)

    @property
    def silent(self) -> list[Channel]:
        """Channels whose last communication test was not answered."""
        return [
            channel
            for channel in self.channels
            if channel in self.reach_by_channel and self.reach_by_channel[channel].tested in _MISSED
        ]


def posts_of(
    slots: Iterable[RosterSlot], channels_by_officer: Mapping[str, str]
) -> list[PostReachability]:
    """The posts in order of their units; `known` is an officer's channels as stored."""
    results = []
    for slot in sorted(slots, key=lambda slot: (slot.unit, _POSTS.index(slot.post))):
        stored = (
            channels_by_officer.get(slot.officer.officer_id) if slot.officer is not None else None
        )
        channels = _CHANNELS.validate_json(stored) if stored is not None else ()
        results.append(
            PostReachability(
                slot, {channel_reach.channel: channel_reach for channel_reach in channels}
            )
        )
    return results


def counts(posts: Sequence[PostReachability], now: datetime) -> dict[str, int]:
    """How many posts are reached how; `gaps` and `silent` are those that the lists of that name show."""
    by_reach = Counter(post.reached(now) for post in posts)
    return {
        **{name: by_reach[name] for name in (*Reach, EMPTY)},
        "gaps": sum(post.is_gap(now) for post in posts),
        "silent": sum(bool(post.silent) for post in posts),
    }


def posts_to_show(
    posts: Sequence[PostReachability], show: Show, now: datetime
) -> list[PostReachability]:
    """All posts, those where nobody would be reached, or those whose last test was not answered."""
    if show == "gaps":
        return [post for post in posts if post.is_gap(now)]
    return [post for post in posts if post.silent] if show == "silent" else list(posts)


def cursor_of(post: PostReachability) -> str:
    """Where the list goes on after this post."""
    return f"{post.slot.unit}:{post.slot.post}"


def posts_after(posts: Sequence[PostReachability], cursor: str) -> list[PostReachability]:
    """What follows a cursor, whether its post is still there or not."""
    unit, _, post_name = cursor.partition(":")
    rank = _POSTS.index(Post(post_name)) if post_name in _POSTS else -1
    return [post for post in posts if (post.slot.unit, _POSTS.index(post.slot.post)) > (unit, rank)]


def view(post: PostReachability, viewer: Viewer, names: Names, now: datetime) -> Json:
    """One post; name and phone number to whom they are open."""
    unit, officer = post.slot.unit, post.slot.officer
    named = officer is not None and opens(viewer, unit, DataClass.NAME)
    reached = officer is not None and opens(viewer, unit, DataClass.CONTACT)
    return {
        "unit": unit,
        "unit_name": names.unit(unit),
        "post": post.slot.post,
        "officer_id": officer.officer_id if officer is not None else None,
        "name": officer.name if officer is not None and named else None,
        "phone": officer.phone if officer is not None and reached else None,
        "reach": post.reached(now),
        "gap": post.is_gap(now),
        "silent": post.silent,
        "channels": [
            _channel(channel, post.reach_by_channel.get(channel), now) for channel in post.channels
        ],
    }


def _channel(channel: Channel, reach: ChannelReach | None, now: datetime) -> Json:
    zh, en = CHANNELS[channel]
    return {
        "channel": channel,
        "zh": zh,
        "en": en,
        "score": round(score(reach, now), 2),
        "reach": reach_of(reach, now),
        "last": reach.last if reach is not None else None,
        "at": reach.at if reach is not None else None,
        "heard_at": reach.heard_at if reach is not None else None,
        "tested": reach.tested if reach is not None else None,
        "tested_at": reach.tested_at if reach is not None else None,
    }
