"""A language is added by one YAML file: the one that the README shows, as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cleaners.model import Raw
from cleaners.pipeline import load_pipeline
from cleaners.rules import check_rules

README = Path(__file__).resolve().parents[2] / "README.md"
LINES = (
    "Pramo revenas al la golfo",
    "De Ana Duarte",
    "Publikigita: 3 marto 2026",
    "La lasta pramo forlasis la norda kajo dimanĉe vespere kun naŭdek pasaĝeroj kaj tri ŝafoj.",
    "Legu ankaŭ:",
    "Havenestro eksiĝas post naŭ jaroj ĉe la pordego",
    "La pasaĝeroj aplaŭdis, kiam la kapitano sonorigis trifoje kaj ekveturis al la insulo.",
    "Abonu nian semajnan novaĵleteron!",
    "Kunhavigi",
)


def test_the_pack_of_the_readme_works_as_it_stands(tmp_path: Path, config_dir: Path) -> None:
    packs = re.findall(r"```yaml\n(language: eo\n.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(packs) == 1
    config = tmp_path / "config"
    shutil.copytree(config_dir, config)
    (config / "rules" / "esperanto.yaml").write_text(packs[0], encoding="utf-8")
    assert check_rules(config) == []
    cleaned = load_pipeline(config).clean(Raw("s", "lines", LINES, language="eo"))
    assert cleaned.copy.text.splitlines() == [LINES[3], LINES[6]]
    assert cleaned.copy.fields.byline == "De Ana Duarte"
    assert cleaned.copy.fields.headline == LINES[0]
    rules = {rule for removal in cleaned.removals for rule in removal.rules}
    assert "esperanto/newsletter" in rules
