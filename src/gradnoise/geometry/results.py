"""The tables of the geometry stage: what they hold."""

from gradnoise.geometry.settings import Settings
from gradnoise.store.registry import registered
from gradnoise.store.studies import Study, declared

STUDIES: dict[str, Study[Settings]] = registered("gradnoise.geometry.studies", "STUDY")
TABLES = declared("geometry", STUDIES)
