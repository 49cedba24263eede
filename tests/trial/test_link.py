"""Links and uncertain numbers: read whole, refused in one sentence, drawn independently of each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from autologue.errors import InputError
from autologue.trial.link import draw_values, read_links, shipped_links
from autologue.trial.products import known_product, product_links
from autologue.trial.scopes import course_links
from autologue.trial.shelf import load_protocol
from autologue.trial.values import trial_values

FOLDER = Path(__file__).resolve().parents[2] / "src" / "autologue" / "trial" / "links"
GOOD = '[a]\nvalue = 0.5\nunit = "1"\nscale = "logit"\nsd = 0.4\nkind = "link"\nsource = "assumed: x"\n'


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_link_has_a_source_and_says_where_it_is_assumed(path: Path) -> None:
    links = read_links(path)
    assert links
    for link in links.values():
        assert any(word in link.source for word in ("assumed", "doi:", "SCHOLAR-1", "registry")), link.name


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('scale = "logit"', 'scale = "logic"', "a: unknown scale 'logic'; did you mean logit"),
        ("value = 0.5", "value = 1.5", "a.value is 1.5; expected a number above 0 and below 1 on scale logit"),
        ("sd = 0.4\n", "", "a has no sd"),
        ("sd = 0.4", "sd = -1", "a.sd is -1; expected zero or more"),
        ('kind = "link"', 'kind = "lnk"', "unknown kind 'lnk'; did you mean link"),
        ('source = "assumed: x"', 'source = ""', "a.source is ''; expected a text"),
        ('unit = "1"', 'unit = "dya"', "a.unit"),
        ("value = 0.5", 'value = "x"', "a.value is 'x'; expected a finite number"),
        ("sd =", "sdd =", "unknown key 'sdd'; did you mean sd"),
        ("[a]", "a = 3\n[b]", "a is 3; expected a table"),
        ("[a]", "[a", "cannot be read as links"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_links(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_draws_have_the_stated_spread_on_their_scale() -> None:
    links = shipped_links("leukaemia", "toxicity")
    drawn = draw_values(links, range(4000), seed=2)
    for name, transform in (("founders", np.log), ("rescued", lambda p: np.log(p / (1 - p))), ("expansion_weight", lambda x: x)):
        link = links[name]
        values = np.asarray(transform(drawn[name]))
        assert values.mean() == pytest.approx(float(transform(np.array(link.value))), abs=4 * link.sd / 60)
        assert values.std() == pytest.approx(link.sd, rel=0.05)
    assert abs(np.corrcoef(drawn["rescued"], drawn["growth"])[0, 1]) < 0.06


def test_a_share_is_drawn_by_its_number_of_patients_and_a_replicate_keeps_its_draw() -> None:
    plan = load_protocol("eliana")
    links = course_links(plan)
    many = trial_values(plan, links, np.arange(3000), seed=1)
    found = many["manufacturing.failing"]
    exact = stats.beta(8.0 + 0.5, 89.0 + 0.5)
    assert found.mean() == pytest.approx(exact.mean(), abs=0.002)
    assert found.std() == pytest.approx(exact.std(), rel=0.05)
    few = trial_values(plan, links, np.array([7, -1]), seed=1)
    assert few["manufacturing.failing"][0] == found[7]
    assert few["manufacturing.failing"][1] == pytest.approx(0.0825)
    assert few["growth"][1] == links["growth"].value
    assert many.spread(np.array([5, 5]))["growth"].tolist() == [many["growth"][5]] * 2
    with pytest.raises(InputError, match="unknown link 'grwoth'; did you mean growth"):
        few["grwoth"]


def test_a_product_without_figures_is_drawn_from_the_spread_between_products() -> None:
    assert known_product("axicabtagene ciloleucel")
    assert not known_product("lisocabtagene maraleucel")
    assert product_links("axicabtagene ciloleucel")["product_killing"].sd == 0
    assert product_links("lisocabtagene maraleucel")["product_killing"].sd > 0


def test_a_protocol_asks_for_the_links_of_its_patients_only() -> None:
    control = load_protocol("scholar_1")
    assert "founders" not in course_links(control)
    assert "response_with_survival" in course_links(control)
    cells = replace(load_protocol("zuma_1"), arms={})
    assert {"tumour_growth", "fever_signal", "product_killing", "late_mortality"} <= set(course_links(cells))
