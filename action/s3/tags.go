package s3

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

type tag struct{ key, value string }

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
	if d.err == nil {
		return checkTags(c.tags, maxObjectTags)
	}
	return nil // what d found wrong comes first
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

// Limits of tags.
const (
	maxObjectTags = 10
	maxBucketTags = 50
	maxTagKey     = 128 // characters
	maxTagValue   = 256
)

// checkTags refuses tags that are too many, too long, or given twice.
func checkTags(tags []tag, limit int) *wire.Refusal {
	if r := checkTagSizes(tags, limit); r != nil {
		return r
	}
	if key, twice := repeatedTag(tags); twice {
		return refusal(400, "InvalidTag", "Cannot provide multiple Tags with the same key", wire.Element{Name: "TagKey", Value: key})
	}
	return nil
}

func checkTagSizes(tags []tag, limit int) *wire.Refusal {
	if len(tags) > limit {
		of := "Object"
		if limit == maxBucketTags {
			of = "Bucket"
		}
		return refusal(400, "BadRequest", of+" tags cannot be greater than "+strconv.Itoa(limit))
	}
	for _, t := range tags {
		if n := utf8.RuneCountInString(t.key); n == 0 || n > maxTagKey {
			return refusal(400, "InvalidTag", "The TagKey you have provided is invalid", wire.Element{Name: "TagKey", Value: t.key})
		}
		if utf8.RuneCountInString(t.value) > maxTagValue {
			return refusal(400, "InvalidTag", "The TagValue you have provided is invalid", wire.Element{Name: "TagKey", Value: t.key})
		}
	}
	return nil
}

// repeatedTag finds a key that is given twice. Keys of conditions compare without
// case, so two tags that differ in case alone have no certain value there.
func repeatedTag(tags []tag) (key string, twice bool) {
	lower := make([]string, 0, maxObjectTags) // as conditions have them
	for _, t := range tags {
		key := strings.ToLower(t.key)
		for _, other := range lower {
			if strings.EqualFold(other, key) {
				return t.key, true
			}
		}
		lower = append(lower, key)
	}
	return "", false
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
		if !ok1 || !ok2 || key == "" || !isText(key) || !isText(val) {
			return nil, notTagging(value)
		}
		tags = append(tags, tag{key, val})
	}
	if r := checkTagSizes(tags, maxObjectTags); r != nil {
		return nil, r
	}
	if _, twice := repeatedTag(tags); twice {
		return nil, notTagging(value)
	}
	return tags, nil
}

func notTagging(value string) *wire.Refusal {
	return invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", value)
}
