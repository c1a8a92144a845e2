-- Straße und Überweisung: € und 🦋
COMMENT ON TABLE users IS 'Käufer; sie heißen nicht „Kunden“'