"""Members and their loans. Running it again changes nothing."""

from datetime import date, timedelta

FIRST_DAY = date(2024, 1, 1)


def seed(connection):
    members = [(number, f"member.{number}@example.com", f"Member {number}") for number in range(1, 101)]
    connection.executemany("INSERT INTO members (id, email, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", members)
    connection.executemany(
        "INSERT INTO loans (id, book_id, member_id, lent_on, due_on, returned_on) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [loan(connection, number) for number in range(1, 301)],
    )


def loan(connection, number):
    lent = FIRST_DAY + timedelta(days=number)
    due = lent + timedelta(days=28)
    returned = lent + timedelta(days=20) if number % 3 == 0 else None
    # Until the column is required, some loans have no due date.
    known = number % 5 != 0 or required(connection, "due_on")
    return number, 1 + number % 500, 1 + number % 100, str(lent), str(due) if known else None, returned and str(returned)


def required(connection, column):
    found = connection.execute('SELECT "notnull" FROM pragma_table_info(\'loans\') WHERE name = ?', (column,))
    return found.fetchone()[0] == 1
