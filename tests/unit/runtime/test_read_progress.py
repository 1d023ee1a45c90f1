"""The moment up to which everything is handled, over partitions of this and of other processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from shared.runtime.end_offsets import UNKNOWN_END
from shared.runtime.read_progress import STANDING_S, Question, ReadMoment, WaitingTime

T0 = datetime(2026, 12, 1, 10, tzinfo=UTC)
ACTS, ALARMS = TopicPartition("acts", 0), TopicPartition("alarms", 3)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_the_moment_is_that_of_the_question_once_every_partition_is_at_its_end() -> None:
    progress = ReadMoment()
    progress.add(Question(T0, {ACTS: 10, ALARMS: 5}), 0)
    progress.update({ACTS: 10, ALARMS: 4}, 1)
    assert progress.moment < T0, "one alarm is unread"
    progress.update({ACTS: 10}, 1.5)
    assert progress.moment < T0, "a partition of which nothing is stored is unread"
    progress.update({ACTS: 12, ALARMS: 5}, 2)
    assert progress.moment == T0


def test_a_log_that_grows_all_the_time_holds_up_no_timer_for_ever() -> None:
    progress = ReadMoment()
    handled = -50
    for second in range(100):
        if progress.may_ask(second):
            progress.add(Question(at(second), {ACTS: 100 * (second + 1)}), second)
        handled += 100
        progress.update({ACTS: handled}, second)
    assert at(97) <= progress.moment <= at(99)


def test_a_partition_that_stands_is_waited_for_once_and_again_when_it_moves() -> None:
    progress = ReadMoment()
    progress.add(Question(T0, {ACTS: 10, ALARMS: 5}), 0)
    progress.update({ACTS: 10, ALARMS: 2}, 0)
    progress.update({ACTS: 10, ALARMS: 2}, STANDING_S - 1)
    assert progress.moment < T0
    progress.update({ACTS: 10, ALARMS: 2}, STANDING_S)
    assert progress.moment == T0
    assert progress.standing(STANDING_S) == {ALARMS}

    progress.add(Question(at(60), {ACTS: 11, ALARMS: 6}), 60)
    progress.update({ACTS: 10, ALARMS: 2}, 60)
    assert progress.moment == T0, "the other partition is still waited for"
    progress.update({ACTS: 11, ALARMS: 2}, 61)
    assert progress.moment == at(60)

    progress.add(Question(at(70), {ACTS: 11, ALARMS: 6}), 70)
    progress.update({ACTS: 11, ALARMS: 3}, 70)
    assert progress.moment == at(60), "it moves"
    assert not progress.standing(70)


def test_a_backlog_that_moves_is_waited_for_however_long_it_is() -> None:
    progress = ReadMoment()
    progress.add(Question(T0, {ACTS: 1_000}), 0)
    for minute in range(999):
        progress.update({ACTS: minute}, minute * STANDING_S * 0.9)
        assert progress.moment < T0
    progress.update({ACTS: 1_000}, 10**6)
    assert progress.moment == T0


def test_without_an_answer_of_kafka_timers_wait_for_a_bounded_time() -> None:
    progress = ReadMoment()
    progress.add(Question(T0, {ACTS: 10}), 0)
    progress.note_silence(at(5), 5)
    progress.note_silence(at(40), 40)
    assert progress.moment < T0
    assert not progress.is_silent(40)
    progress.note_silence(at(5 + STANDING_S), 5 + STANDING_S)
    assert progress.moment == at(5 + STANDING_S)
    assert progress.is_silent(60)
    progress.add(Question(at(70), {ACTS: 10}), 70)
    assert not progress.is_silent(70)
    progress.update({ACTS: 3}, 70)
    assert progress.moment < at(70), "Kafka is back: unread acts count again"


def test_questions_are_few() -> None:
    progress = ReadMoment()
    assert progress.may_ask(0)
    progress.add(Question(T0, {ACTS: 10}), 0)
    assert not progress.may_ask(0.5)
    assert progress.may_ask(1)
    for second in range(1, 200):
        if progress.may_ask(second):
            progress.add(Question(at(second), {ACTS: 10}), second)
    assert not progress.may_ask(1_000)
    progress.update({ACTS: 10}, 200)
    assert progress.moment == at(59)
    assert progress.may_ask(200)


def test_a_partition_without_a_leader_is_waited_for_until_it_has_one_or_stands() -> None:
    progress = ReadMoment()
    progress.add(Question(T0, {ACTS: 10, ALARMS: UNKNOWN_END}), 0)
    progress.update({ACTS: 10, ALARMS: 5}, 0)
    assert progress.moment < T0
    progress.add(Question(at(5), {ACTS: 10, ALARMS: 6}), 5)
    progress.update({ACTS: 10, ALARMS: 5}, 5)
    assert progress.moment < T0, "the leader is back, and tells of an unread record"
    progress.update({ACTS: 10, ALARMS: 6}, 6)
    assert progress.moment == at(5)
    progress.add(Question(at(60), {ACTS: 11, ALARMS: UNKNOWN_END}), 60)
    progress.update({ACTS: 11, ALARMS: 6}, 60)
    progress.update({ACTS: 11, ALARMS: 6}, 60 + STANDING_S)
    assert progress.moment == at(60)


def test_time_in_which_this_process_was_frozen_is_no_time_of_waiting() -> None:
    waiting = WaitingTime()
    began = waiting.look(1_000)
    for second in range(1, 21):
        assert waiting.look(1_000 + second / 2) == began + second / 2
    assert waiting.look(5_000) < began + 13, "frozen for more than an hour"
    assert not waiting.stands(5_000)
    assert waiting.stands(5_060)
