"""What Alembic runs: on the connection that `upgrade` opened; without one it writes down what `script` asked for."""

from alembic import context

if context.is_offline_mode():
    # The caller has a transaction of its own.
    context.configure(dialect_name="postgresql", target_metadata=None, transactional_ddl=False)
else:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=None, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
