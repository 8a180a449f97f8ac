"""Addresses that stand for names."""

from __future__ import annotations

import pytest
from mitmproxy import dns
from mitmproxy.net.dns import classes, op_codes, response_codes, types
from mitmproxy.test.tflow import tdnsflow

from addons.synthetic import SyntheticAddresses


def lookup(name: str, kind: int = types.A) -> dns.Message:
    request: dns.Message = tdnsflow().request
    request.questions[0].name, request.questions[0].type = name, kind
    return request


def told(addresses: SyntheticAddresses, name: str, kind: int = types.A) -> str:
    [record] = addresses.answer(lookup(name, kind), exists=True).answers
    return str(record)


def test_a_name_has_one_address_of_each_kind_that_leads_back_to_it() -> None:
    addresses = SyntheticAddresses()
    four, six = told(addresses, "API.app.example."), told(addresses, "api.app.example", types.AAAA)
    assert (four, six) == ("198.18.0.1", "fd00:198:18::1")
    assert told(addresses, "api.app.example") == four != told(addresses, "cdn.app.example")
    assert addresses.name_of(four) == addresses.name_of(six) == "api.app.example"


@pytest.mark.parametrize("address", ["198.18.0.9", "198.17.0.1", "1.2.3.4", "fd00::1", "name", ""])
def test_what_was_never_told_stands_for_nothing(address: str) -> None:
    addresses = SyntheticAddresses()
    told(addresses, "api.app.example")
    assert addresses.name_of(address) == ""


def test_of_too_many_names_the_one_that_was_not_asked_for_longest_goes() -> None:
    addresses = SyntheticAddresses(most=2)
    first, second = told(addresses, "a.example"), told(addresses, "b.example")
    told(addresses, "a.example")
    assert told(addresses, "c.example") == second
    assert (addresses.name_of(first), addresses.name_of(second)) == ("a.example", "c.example")
    assert told(addresses, "b.example") == first


@pytest.mark.parametrize("kind", [types.HTTPS, types.SVCB, types.TXT, types.MX])
def test_other_types_have_no_records(kind: int) -> None:
    answer = SyntheticAddresses().answer(lookup("api.app.example", kind), exists=True)
    assert (answer.response_code, list(answer.answers)) == (response_codes.NOERROR, [])


def test_what_does_not_exist_and_what_is_no_lookup_is_said() -> None:
    addresses = SyntheticAddresses()
    gone = addresses.answer(lookup("api.app.example"), exists=False)
    assert gone.response_code == response_codes.NXDOMAIN
    chaos, update, many = (lookup("version.bind") for _ in range(3))
    chaos.questions[0].class_ = classes.CH
    update.op_code = op_codes.UPDATE
    many.questions.append(many.questions[0])
    for each in chaos, update, many:
        assert addresses.answer(each, exists=True).response_code == response_codes.NOTIMP
