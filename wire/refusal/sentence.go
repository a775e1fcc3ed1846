package refusal

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// sentences are what services of the query protocol say in the place of S3's
// sentences for the same failures.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
var sentences = map[string]string{
	"The AWS Access Key Id you provided does not exist in our records.":                                                 "The security token included in the request is invalid.",
	"The provided token is malformed or otherwise invalid.":                                                             "The security token included in the request is invalid.",
	"The provided token has expired.":                                                                                   "The security token included in the request is expired",
	"The request signature we calculated does not match the signature you provided. Check your key and signing method.": "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
	"Please reduce your request rate.":                                                                                  "Rate exceeded",
}

// sentence is the message of a refusal in a protocol.
func sentence(p Protocol, r *wire.Refusal) string {
	if p != Query {
		return r.Message
	}
	if r.Code == "RequestTimeTooSkewed" {
		return skew(r)
	}
	if said, ok := sentences[r.Message]; ok {
		return said
	}
	return r.Message
}

// basic is the format of times in signatures and in what is said of them.
const basic = "20060102T150405Z"

// skew says in which direction the clocks differ.
func skew(r *wire.Refusal) string {
	var detail wire.Fields
	for _, e := range r.Detail {
		detail.Add(e.Name, e.Value)
	}
	signed, err1 := signingTime(detail.Get("RequestTime"))
	now, err2 := time.Parse(time.RFC3339, detail.Get("ServerTime"))
	allowed, err3 := strconv.ParseInt(detail.Get("MaxAllowedSkewMilliseconds"), 10, 32)
	if err1 != nil || err2 != nil || err3 != nil {
		return r.Message
	}
	now = now.UTC()
	window := time.Duration(allowed) * time.Millisecond
	problem, relation, sign, bound := "Signature expired", "earlier", "-", now.Add(-window)
	if signed.After(now) {
		problem, relation, sign, bound = "Signature not yet current", "later", "+", now.Add(window)
	}
	return fmt.Sprintf("%s: %s is now %s than %s (%s %s %d min.)", problem, signed.Format(basic), relation,
		bound.Format(basic), now.Format(basic), sign, int(window.Minutes()))
}

// signingTime reads the time of a signature: of X-Amz-Date, or of Date.
func signingTime(s string) (time.Time, error) {
	if t, err := time.Parse(basic, s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC1123, s)
	return t.UTC(), err
}
