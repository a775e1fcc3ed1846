package session_test

import "time"

const accountA = "111122223333"

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
