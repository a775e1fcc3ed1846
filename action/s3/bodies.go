package s3

import (
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// bodyKind is the document that a deciding body holds.
type bodyKind uint8

const (
	bodyOpaque bodyKind = iota
	bodyACL
	bodyCreateBucket
	bodyDelete
	bodyEncryption
	bodyInventory
	bodyLegalHold
	bodyRestore
	bodyRetention
	bodyTagging
)

// content is what is decided about a request beyond its names: from its body
// or, for the same things, from its headers.
type content struct {
	tags      []tag // of an object
	lock      lock
	legalHold string // "", ON, OFF

	locationConstraint string
	bucketTags         []tag
	optionalFields     []string
	encryption         string // s3:x-amz-server-side-encryption of an encryption document
	encryptionKey      string
	entries            []entry // of a DeleteObjects document
	quiet              bool
}

type tag struct{ key, value string }

// lock is a retention.
type lock struct {
	mode      string // "", GOVERNANCE, COMPLIANCE
	until     string // "" or a date as sent
	untilTime time.Time
	eventHold string // "", ON, OFF
	days      string // of the event hold; ""
}

// readers read the documents by kind.
var readers = [...]func(d *document, c *content) *wire.Refusal{
	bodyACL:          readACL,
	bodyCreateBucket: readCreateBucket,
	bodyDelete:       readDelete,
	bodyEncryption:   readEncryption,
	bodyInventory:    readInventory,
	bodyLegalHold:    readLegalHold,
	bodyRestore:      readRestore,
	bodyRetention:    readRetention,
	bodyTagging:      readTagging,
}

// readBody reads a body that decides.
func readBody(kind bodyKind, body []byte, maybeEmpty bool, c *content) *wire.Refusal {
	if len(body) == 0 {
		if maybeEmpty {
			return nil
		}
		return refusal(400, "MissingRequestBodyError", "Request Body is empty")
	}
	d := &document{src: string(body), open: make([]string, 0, maxDepth)}
	if r := readers[kind](d, c); r != nil {
		return r
	}
	if err := d.end(); err != nil {
		return malformedXML(err.Error())
	}
	return nil
}

// Tagging{TagSet{Tag{Key, Value}…}}
func readTagging(d *document, c *content) *wire.Refusal {
	d.rootNamed("Tagging")
	var set bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "TagSet" {
			d.unknown(name)
			break
		}
		d.once(&set, name)
		c.tags = readTags(d)
	}
	if d.err == nil && !set {
		d.fail("no TagSet")
	}
	if d.err != nil {
		return nil
	}
	return checkTags(c.tags, maxObjectTags)
}

// readTags reads the Tag elements within the one that is open.
func readTags(d *document) []tag {
	var tags []tag
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "Tag" {
			d.unknown(name)
			break
		}
		var t tag
		var key, value bool
		for name, ok := d.child(); ok; name, ok = d.child() {
			switch name {
			case "Key":
				d.once(&key, name)
				t.key = d.text()
			case "Value":
				d.once(&value, name)
				t.value = d.text()
			default:
				d.unknown(name)
			}
		}
		if d.err == nil && !(key && value) {
			d.fail("a tag without Key or Value")
		}
		tags = append(tags, t)
	}
	return tags
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
	if d.err != nil {
		return nil
	}
	return c.lock.check(mode, until, hold, days, years, inDays, inYears)
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

// AccessControlPolicy{Owner, AccessControlList{Grant{Grantee, Permission}…}}
func readACL(d *document, _ *content) *wire.Refusal {
	d.rootNamed("AccessControlPolicy")
	var owner, list bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Owner":
			d.once(&owner, name)
			readLeaves(d, "ID", "DisplayName")
		case "AccessControlList":
			d.once(&list, name)
			for name, ok := d.child(); ok; name, ok = d.child() {
				if name != "Grant" {
					d.unknown(name)
					break
				}
				readGrant(d)
			}
		default:
			d.unknown(name)
		}
	}
	return nil
}

func readGrant(d *document) {
	var grantee, permission bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Grantee":
			d.once(&grantee, name)
			readLeaves(d, "ID", "DisplayName", "EmailAddress", "URI", "Type")
		case "Permission":
			d.once(&permission, name)
			d.text()
		default:
			d.unknown(name)
		}
	}
}

// readLeaves reads elements that hold text, each at most once.
func readLeaves(d *document, names ...string) {
	seen := make([]bool, len(names))
	for name, ok := d.child(); ok; name, ok = d.child() {
		known := false
		for i, n := range names {
			if n == name {
				d.once(&seen[i], name)
				known = true
			}
		}
		if !known {
			d.unknown(name)
		}
		d.text()
	}
}

// CreateBucketConfiguration{LocationConstraint, Tags{Tag…}}
func readCreateBucket(d *document, c *content) *wire.Refusal {
	d.rootNamed("CreateBucketConfiguration")
	var constraint, tags bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "LocationConstraint":
			d.once(&constraint, name)
			c.locationConstraint = d.text()
		case "Tags":
			d.once(&tags, name)
			c.bucketTags = readTags(d)
		case "Location", "Bucket":
			return notImplemented("Directory buckets are not served.", "Element", name)
		default:
			d.unknown(name)
		}
	}
	if d.err != nil {
		return nil
	}
	return checkTags(c.bucketTags, maxBucketTags)
}

// InventoryConfiguration{…, OptionalFields{Field…}, …}
func readInventory(d *document, c *content) *wire.Refusal {
	d.rootNamed("InventoryConfiguration")
	var fields bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "OptionalFields" {
			d.skip()
			continue
		}
		d.once(&fields, name)
		for name, ok := d.child(); ok; name, ok = d.child() {
			if name != "Field" {
				d.unknown(name)
				break
			}
			c.optionalFields = append(c.optionalFields, d.text())
		}
	}
	return nil
}

// RestoreRequest{Days, GlacierJobParameters, Tier, Description}: of the type
// SELECT it writes objects, which is not decided here.
func readRestore(d *document, _ *content) *wire.Refusal {
	d.rootNamed("RestoreRequest")
	for name, ok := d.child(); ok; name, ok = d.child() {
		switch name {
		case "Days", "Description", "GlacierJobParameters", "Tier":
			d.skip()
		case "Type", "SelectParameters", "OutputLocation":
			return notImplemented("Restore requests that select from the object and write the result are not served.", "Element", name)
		default:
			d.unknown(name)
		}
	}
	return nil
}

// ObjectEncryption{SSE-KMS{KMSKeyArn, BucketKeyEnabled}}
func readEncryption(d *document, c *content) *wire.Refusal {
	d.rootNamed("ObjectEncryption")
	var kms, key, bucketKey bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name != "SSE-KMS" {
			d.unknown(name)
			break
		}
		d.once(&kms, name)
		c.encryption = "aws:kms"
		for name, ok := d.child(); ok; name, ok = d.child() {
			switch name {
			case "KMSKeyArn":
				d.once(&key, name)
				c.encryptionKey = d.text()
			case "BucketKeyEnabled":
				d.once(&bucketKey, name)
				d.text()
			default:
				d.unknown(name)
			}
		}
	}
	if d.err == nil && !key {
		d.fail("no KMSKeyArn")
	}
	return nil
}

// check validates a retention of which the given members were sent.
func (l *lock) check(mode, until, hold, days, years bool, inDays, inYears string) *wire.Refusal {
	if mode && l.mode != "GOVERNANCE" && l.mode != "COMPLIANCE" {
		return refusal(400, "InvalidArgument", "Unknown wormMode directive.")
	}
	if mode != until {
		return refusal(400, "InvalidArgument", "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if until {
		var err error
		if l.untilTime, err = time.Parse(time.RFC3339, l.until); err != nil {
			return refusal(400, "InvalidArgument", "The retain until date must be provided in ISO 8601 format")
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

func isOnOff(s string) bool { return s == "ON" || s == "OFF" }

// Limits of tags.
const (
	maxObjectTags = 10
	maxBucketTags = 50
	maxTagKey     = 128 // characters
	maxTagValue   = 256
)

// checkTags refuses tags that are too many, too long, or given twice.
func checkTags(tags []tag, limit int) *wire.Refusal {
	if len(tags) > limit {
		return refusal(400, "BadRequest", "Tags cannot be greater than "+strconv.Itoa(limit))
	}
	for i, t := range tags {
		if n := len([]rune(t.key)); n == 0 || n > maxTagKey {
			return refusal(400, "InvalidTag", "The TagKey you have provided is invalid", wire.Element{Name: "TagKey", Value: t.key})
		}
		if len([]rune(t.value)) > maxTagValue {
			return refusal(400, "InvalidTag", "The TagValue you have provided is invalid", wire.Element{Name: "TagKey", Value: t.key})
		}
		for _, other := range tags[:i] {
			if other.key == t.key {
				return refusal(400, "InvalidTag", "Cannot provide multiple Tags with the same key", wire.Element{Name: "TagKey", Value: t.key})
			}
		}
	}
	return nil
}

// parseTagging reads x-amz-tagging, which is encoded like a form: stores read
// its + as a space.
func parseTagging(value string) ([]tag, *wire.Refusal) {
	var tags []tag
	for rest := value; rest != ""; {
		var piece string
		piece, rest, _ = strings.Cut(rest, "&")
		if piece == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(piece, "=")
		key, ok1 := wire.Unescape(strings.ReplaceAll(rawKey, "+", " "))
		val, ok2 := wire.Unescape(strings.ReplaceAll(rawValue, "+", " "))
		if !ok1 || !ok2 || !isText(key) || !isText(val) {
			return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", value)
		}
		tags = append(tags, tag{key, val})
	}
	return tags, checkTags(tags, maxObjectTags)
}
