"""The first schema."""

from alembic import op

from hubbub.storage.migrations.first import SQLITE

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    for statement in SQLITE.split(";\n"):
        if statement.strip():
            op.execute(statement)
