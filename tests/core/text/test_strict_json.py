from __future__ import annotations

import pytest

from perfgate.core.errors import CannotDecideError
from perfgate.core.text.strict_json import load_json


@pytest.mark.parametrize(("number", "right"), [(".417", "0.417"), ("-.03", "-0.03")])
def test_a_number_that_begins_with_its_point_has_a_hint_of_its_own(number: str, right: str) -> None:
    with pytest.raises(CannotDecideError) as caught:
        load_json(f'{{"a": 1, "elapsed_sec": {number}}}'.encode(), "x.json", "run-invalid", "measure again")
    (fault,) = caught.value.diagnostics
    assert f'found "{number}": a number needs a digit before the point' in fault.message
    assert fault.hint.startswith(f"write {right}, as printf")
