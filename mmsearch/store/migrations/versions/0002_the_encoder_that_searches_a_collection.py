"""The encoder that searches a collection."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; a collection without a choice is searched by the settings' encoder."""
    op.add_column("collections", sa.Column("encoder", sa.String(), nullable=True))


def downgrade() -> None:
    """Forget the choices."""
    op.drop_column("collections", "encoder")
