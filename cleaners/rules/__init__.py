"""Rules as newsroom people write them: YAML in, a ruleset that finds them in a line out.

``load_rulebook(config_dir).ruleset(publisher, language).hits(line)`` is the whole of it; ``check_rules`` tries every
rule's examples; ``load_yaml`` and ``load_model`` are the one way to read any configuration file.
"""

from cleaners.rules.check import check_examples, check_rules, fingerprints
from cleaners.rules.errors import ConfigError, Place, did_you_mean
from cleaners.rules.ftr import SiteFile, Unhonoured, read_site_file
from cleaners.rules.matcher import Hit, Matcher
from cleaners.rules.norm import fold, norm
from cleaners.rules.packs import Pack, PublisherFile
from cleaners.rules.patterns import PatternError, translate_pattern
from cleaners.rules.rule import Rule
from cleaners.rules.rulebook import Rulebook, Ruleset, load_rulebook, make_ruleset
from cleaners.rules.schema import StrictModel, load_model, load_part
from cleaners.rules.sites import ImportedSites, site_files_in
from cleaners.rules.templates import Expression, TemplateError, compile_template, parse_template
from cleaners.rules.yaml_file import YamlFile, load_yaml

__all__ = [
    "ConfigError",
    "Expression",
    "Hit",
    "ImportedSites",
    "Matcher",
    "Pack",
    "PatternError",
    "Place",
    "PublisherFile",
    "Rule",
    "Rulebook",
    "Ruleset",
    "SiteFile",
    "StrictModel",
    "TemplateError",
    "Unhonoured",
    "YamlFile",
    "check_examples",
    "check_rules",
    "compile_template",
    "did_you_mean",
    "fingerprints",
    "fold",
    "load_model",
    "load_part",
    "load_rulebook",
    "load_yaml",
    "make_ruleset",
    "norm",
    "parse_template",
    "read_site_file",
    "site_files_in",
    "translate_pattern",
]
