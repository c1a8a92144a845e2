// Package migrations embeds the files; it is not a migration.
package migrations
