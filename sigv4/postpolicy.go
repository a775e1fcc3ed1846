package sigv4

import (
	"math"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// postPolicy is a POST policy: what the form that carries it may say.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
type postPolicy struct {
	expiration time.Time
	conditions []postCondition
}

// postCondition is one condition of a POST policy.
type postCondition struct {
	operator postOperator
	// items are the operator and its arguments, as the policy spells them.
	items []string
	// field is the field in lower case without its "$"; "" if there is no "$".
	field string
	// least and most are the bounds of the size; a range of two that are no
	// numbers has least above most, so that nothing is in it.
	least, most int64
}

type postOperator uint8

const (
	postEquals postOperator = iota
	postStartsWith
	postLengthRange
)

// check evaluates the policy on a form and takes over what it says of the size
// of the file. Every condition must hold, of a field that is not there none
// does, and every field must be in one.
func (p *postPolicy) check(f *PostForm, now time.Time) *wire.Refusal {
	if now.After(p.expiration) {
		return errPolicyExpired()
	}
	least, most := int64(0), int64(math.MaxInt64)
	for i := range p.conditions {
		c := &p.conditions[i]
		if c.operator == postLengthRange && c.least <= c.most {
			least, most = max(least, c.least), min(most, c.most)
			continue
		}
		if value, ok := f.lookup(c.field); !ok || !c.holds(value) {
			return errPolicyCondition(c)
		}
	}
	var extra []string
	for i := range f.all {
		if name := f.all[i].Name; name != "x-amz-signature" && name != "policy" && !isIgnored(name) && !p.covers(name) {
			extra = append(extra, name)
		}
	}
	if !has(f.all, "bucket") && !p.covers("bucket") {
		extra = append(extra, "bucket")
	}
	if extra != nil {
		return errExtraFields(extra)
	}
	f.least, f.most = least, min(f.most, most)
	return nil
}

// lookup returns what a condition is about: a field as it is after expansion,
// or the bucket, which is a field even if it was not sent.
func (f *PostForm) lookup(field string) (string, bool) {
	if field == "bucket" {
		return f.Bucket, true
	}
	return f.all.Lookup(field)
}

func (p *postPolicy) covers(field string) bool {
	for i := range p.conditions {
		if p.conditions[i].field == field {
			return true
		}
	}
	return false
}

// holds compares with case. A Content-Type with commas is a list, of which
// each value must begin so.
func (c *postCondition) holds(value string) bool {
	prefix := c.items[len(c.items)-1]
	switch c.operator {
	case postEquals:
		return value == prefix
	case postStartsWith:
		if c.field != "content-type" {
			return strings.HasPrefix(value, prefix)
		}
		for item := range strings.SplitSeq(value, ",") {
			if !strings.HasPrefix(item, prefix) {
				return false
			}
		}
		return true
	}
	return false
}
