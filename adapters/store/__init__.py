"""The one adapter for what is durable: tables, migrations, one small store per port, and the durable flow."""
