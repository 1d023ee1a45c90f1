"""Reachability of officers by channel, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from services.console.core.access import Viewer
from services.console.core.masking import DataClass, opens
from services.console.core.names import UnitNames
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
    """A post, its holder (None: vacant) and the reach of the holder's channels."""

    slot: RosterSlot
    reach_by_channel: Mapping[Channel, ChannelReach]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The paged channels of the holder, always including the console."""
        if self.slot.officer is None:
            return ()
        return tuple(dict.fromkeys((Channel.CONSOLE, *self.slot.channels)))

    def reached(self, now: datetime) -> str:
        """Return the expected reach of the post: a Reach, or `empty`."""
        if self.slot.officer is None:
            return EMPTY
        return best(reach_of(self.reach_by_channel.get(channel), now) for channel in self.channels)

    def is_gap(self, now: datetime) -> bool:
        """Return whether nobody can be reached at the post."""
        return self.reached(now) in (EMPTY, Reach.UNREACHABLE)

    @property
    def silent(self) -> list[Channel]:
        """Channels whose last communication test had no answer."""
        return [
            channel
            for channel in self.channels
            if channel in self.reach_by_channel and self.reach_by_channel[channel].tested in _MISSED
        ]


def posts_of(
    slots: Iterable[RosterSlot], channels_by_officer: Mapping[str, str]
) -> list[PostReachability]:
    """Return the posts in order of their units; `channels_by_officer` holds the stored JSON."""
    results = []
    for slot in sorted(slots, key=lambda slot: (slot.unit, _POSTS.index(slot.post))):
        stored = (
            channels_by_officer.get(slot.officer.officer_id) if slot.officer is not None else None
        )
        channels = _CHANNELS.validate_json(stored, extra="ignore") if stored is not None else ()
        results.append(
            PostReachability(
                slot, {channel_reach.channel: channel_reach for channel_reach in channels}
            )
        )
    return results


def counts(posts: Sequence[PostReachability], now: datetime) -> dict[str, int]:
    """Return the number of posts by reach, and the lengths of the lists `gaps` and `silent`."""
    by_reach = Counter(post.reached(now) for post in posts)
    return {
        **{name: by_reach[name] for name in (*Reach, EMPTY)},
        "gaps": sum(post.is_gap(now) for post in posts),
        "silent": sum(bool(post.silent) for post in posts),
    }


def posts_to_show(
    posts: Sequence[PostReachability], show: Show, now: datetime
) -> list[PostReachability]:
    """Return all posts, the posts without a reachable officer, or posts with an unanswered test."""
    if show == "gaps":
        return [post for post in posts if post.is_gap(now)]
    return [post for post in posts if post.silent] if show == "silent" else list(posts)


def cursor_of(post: PostReachability) -> str:
    """Return the cursor after this post."""
    return f"{post.slot.unit}:{post.slot.post}"


def posts_after(posts: Sequence[PostReachability], cursor: str) -> list[PostReachability]:
    """Return the posts after a cursor, even if the post of the cursor no longer exists."""
    unit, _, post_name = cursor.partition(":")
    rank = _POSTS.index(Post(post_name)) if post_name in _POSTS else -1
    return [post for post in posts if (post.slot.unit, _POSTS.index(post.slot.post)) > (unit, rank)]


def view(post: PostReachability, viewer: Viewer, names: UnitNames, now: datetime) -> Json:
    """Return a post; name and phone number are left out unless open to the viewer."""
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
