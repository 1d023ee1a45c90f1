"""Masking: in every view, graded words, names and addresses stay within their tier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import to_json

from services.console.core import masking
from services.console.core.access import Viewer
from services.console.core.masking import DataClass, Relation, opens, relation_of
from services.console.core.names import UnitNames
from services.console.features.alerts import views as alert_views
from services.console.features.cases.case import CaseFile
from services.console.features.duty import views as duty_views
from services.console.projector.handlers import alerts
from services.console.stream import views as stream_views
from shared.contracts import duty as duty_contracts
from shared.contracts import pages as page_contracts
from shared.contracts.duty import DutyEntry, DutyRule, Member, Rotation
from shared.contracts.fields import DataGrade, Post, ResponseMode
from shared.contracts.pages import Channel, Officer
from shared.contracts.units import is_within, lineage, tier_of
from shared.domain.roster.timeline import plan_of
from tests.support.console_events import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    an_alert,
)
from tests.support.console_projector import feed_row_of

DEPARTMENT = f"{DISTRICT}/water"
UNITS = (CITY, DISTRICT, DEPARTMENT, ZHUTUO, SONGJI, VILLAGE, GRID, MICROGRID)
SECRET = "举报人称尾矿坝渗漏"
NAME, PHONE, ADDRESS = "李远山", "13800138000", "li@office.test"
DESK_PHONE = "023-49800001"
NAMES = UnitNames()

viewers = st.builds(
    lambda unit, place, post: Viewer("o-viewer", "", unit, post, (place,), (place,), place),
    st.sampled_from(UNITS),
    st.sampled_from(UNITS),
    st.sampled_from(list(Post)),
)


def text_of(view: Any) -> str:
    return to_json(view).decode()


def responsible(viewer: Viewer, unit: str) -> bool:
    """Return the unit itself and the units above, as a second formulation of the rule."""
    return viewer.unit in lineage(unit)


def entries(unit: str) -> list[DutyEntry]:
    officer = Officer(officer_id="o-1", name=NAME, phone=PHONE, addresses={Channel.EMAIL: ADDRESS})
    rota = Rotation(
        post=Post.B, members=("o-1",), starts=NOW.date() - timedelta(days=3), phone=DESK_PHONE
    )
    rules: tuple[DutyRule, ...] = (Member(officer=officer), rota)
    return [
        DutyEntry(
            id=f"e-{n}",
            occurred_at=NOW,
            sent_at=NOW,
            origin_unit=unit,
            tier=tier_of(unit),
            entry_id=f"e-{n}",
            version=1,
            place=n + 1,
            unit=unit,
            rule=rule,
            actor="o-1",
        )
        for n, rule in enumerate(rules)
    ]


@given(viewers, st.sampled_from(UNITS), st.sampled_from(list(DataGrade)))
def test_words_of_a_graded_alert_stay_with_those_responsible(
    viewer: Viewer, place: str, grade: DataGrade
) -> None:
    event = an_alert("a", place, headline=SECRET, text=SECRET, data_grade=grade)
    row = {**alerts.TABLE.row(event), "transition": "opened"}
    line = feed_row_of(event, 1)
    may = grade is DataGrade.GENERAL or responsible(viewer, place)
    for view in (
        alert_views.alert(row, viewer, NAMES, None),
        alert_views.alert_detail(row, [], [], None, viewer, NAMES),
    ):
        assert (SECRET in text_of(view)) is may
        assert view["masked"] is not may
    allowed = stream_views.visibility(line, viewer)
    if allowed is not None:
        view_value = text_of(stream_views.event_as_allowed(line, allowed, NAMES))
        assert (SECRET in view_value) is (may and allowed == "full")


@given(viewers, st.sampled_from(UNITS))
def test_names_stay_with_those_responsible_and_addresses_with_the_unit(
    viewer: Viewer, unit: str
) -> None:
    result = text_of(
        duty_views.plan_view(
            unit,
            plan_of(entries(unit)),
            entries(unit),
            ResponseMode.NORMAL,
            NOW,
            3,
            NAMES,
            viewer,
        )
    )
    assert (NAME in result) is responsible(viewer, unit)
    for secret in (PHONE, ADDRESS, DESK_PHONE):
        assert (secret in result) is (viewer.unit == unit)


@given(viewers, st.sampled_from(UNITS))
def test_relations_are_what_the_tree_says(viewer: Viewer, unit: str) -> None:
    relation = relation_of(viewer, unit)
    assert (relation in (Relation.OWN, Relation.ABOVE)) is is_within(unit, viewer.unit)
    assert (relation in (Relation.OWN, Relation.BELOW)) is is_within(viewer.unit, unit)


def test_a_right_to_see_does_not_open_what_is_graded() -> None:
    guest = Viewer("o", "", SONGJI, Post.B, (CITY,), (CITY,), CITY)
    assert not opens(guest, ZHUTUO, DataGrade.CORE)
    assert opens(replace(guest, unit=DISTRICT), ZHUTUO, DataGrade.CORE)


def test_nothing_is_open_wider_than_a_less_delicate_class() -> None:
    reach = {data_class: masking._OPEN[data_class] for data_class in DataClass}
    assert reach[DataClass.CORE] <= reach[DataClass.IMPORTANT] <= reach[DataClass.GENERAL]
    assert reach[DataClass.CONTACT] <= reach[DataClass.NAME]
    assert all(Relation.OWN in relations for relations in reach.values())


@pytest.mark.parametrize("module", [page_contracts, duty_contracts])
def test_every_field_marked_personal_has_a_class(module: Any) -> None:
    for model in _models(module):
        for name, field in model.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get("pii"):
                assert name in masking.PERSONAL, f"{model.__name__}.{name}"


def test_the_marks_are_where_this_test_looks_for_them() -> None:
    assert set(masking.PERSONAL) == {
        name
        for name, field in Officer.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("pii")
    }
    assert json.loads(text_of({"name": NAME}))["name"] == NAME


def _models(module: Any) -> Iterator[type[BaseModel]]:
    for var in vars(module).values():
        if isinstance(var, type) and issubclass(var, BaseModel):
            yield var


def test_the_words_of_an_order_that_a_case_does_not_have_are_shown_to_nobody() -> None:
    order = {"command_id": "cmd-1", "root": DISTRICT, "issuer_unit": DISTRICT, "status": "Actual"}
    viewer = Viewer("o-viewer", "", DISTRICT, Post.B, (DISTRICT,), (DISTRICT,), DISTRICT)
    case = CaseFile("cmd-1", (), ({**order, "data_grade": DataGrade.GENERAL},))
    assert case.opens_order(viewer, "cmd-1")
    assert not case.opens_order(viewer, "cmd-2")
