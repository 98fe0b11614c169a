"""The tables of the balance stage: what they hold."""

from gradnoise.balance.settings import Settings
from gradnoise.store.registry import registered
from gradnoise.store.studies import Study, declared

STUDIES: dict[str, Study[Settings]] = registered("gradnoise.balance.studies", "STUDY")
TABLES = declared("balance", STUDIES)
