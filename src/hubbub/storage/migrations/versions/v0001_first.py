"""The first schema."""

from alembic import op

from hubbub.storage.migrations.first import POSTGRES, SQLITE

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    schema = POSTGRES if op.get_context().dialect.name == "postgresql" else SQLITE
    for statement in schema.split(";\n"):
        if statement.strip():
            op.execute(statement)
