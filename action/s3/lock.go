package s3

import (
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// lock is a retention.
type lock struct {
	mode      string // "", GOVERNANCE, COMPLIANCE
	until     string // "" or a date as sent
	untilTime time.Time
	eventHold string // "", ON, OFF
	days      string // of the event hold; ""
}

// Retention{Mode, RetainUntilDate} and, with event holds, EventHold and its
// duration.
func readRetention(d *document, c *content) *wire.Refusal {
	d.rootNamed("Retention")
	var mode, until, hold, days, years bool
	var inDays, inYears string
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Mode":
			d.once(&mode, name)
			c.lock.mode = d.text()
		case "RetainUntilDate":
			d.once(&until, name)
			c.lock.until = d.text()
		case "EventHold":
			d.once(&hold, name)
			c.lock.eventHold = d.text()
		case "EventHoldDurationDays":
			d.once(&days, name)
			inDays = d.text()
		case "EventHoldDurationYears":
			d.once(&years, name)
			inYears = d.text()
		default:
			d.unknown(name)
		}
	}
	// A body that holds what its schema does not have is no document of it.
	if mode && !isLockMode(c.lock.mode) {
		d.fail("a Mode that is neither GOVERNANCE nor COMPLIANCE")
	}
	if _, err := time.Parse(time.RFC3339, c.lock.until); until && err != nil {
		d.fail("a RetainUntilDate that is no date")
	}
	if d.err == nil {
		return c.lock.check(mode, until, hold, days, years, inDays, inYears)
	}
	return nil // what d found wrong comes first
}

// LegalHold{Status}
func readLegalHold(d *document, c *content) *wire.Refusal {
	d.rootNamed("LegalHold")
	var status bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "Status" {
			d.unknown(name)
			break
		}
		d.once(&status, name)
		c.legalHold = d.text()
	}
	if d.err == nil && !isOnOff(c.legalHold) {
		d.fail("a Status that is neither ON nor OFF")
	}
	return nil
}

// check validates a retention of which the given members were sent.
func (l *lock) check(mode, until, hold, days, years bool, inDays, inYears string) *wire.Refusal {
	if mode && !isLockMode(l.mode) {
		return invalidArgument("Unknown wormMode directive.", headers[hLockMode], l.mode)
	}
	if mode != until {
		return refusal(400, "InvalidArgument", "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if until {
		var err error
		if l.untilTime, err = time.Parse(time.RFC3339, l.until); err != nil {
			return invalidArgument("The retain until date must be provided in ISO 8601 format", headers[hLockRetainUntil], l.until)
		}
	}
	if hold && !isOnOff(l.eventHold) {
		return refusal(400, "InvalidArgument", "The event hold must be ON or OFF.")
	}
	if days && years {
		return refusal(400, "InvalidArgument", "The event hold duration is given in days and in years.")
	}
	if days || years {
		text, unit := inDays, uint64(1)
		if years {
			text, unit = inYears, 365
		}
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return refusal(400, "InvalidArgument", "The event hold duration must be a number.")
		}
		l.days = strconv.FormatUint(n*unit, 10)
	}
	return nil
}

func isLockMode(s string) bool { return s == "GOVERNANCE" || s == "COMPLIANCE" }

func isOnOff(s string) bool { return s == "ON" || s == "OFF" }
