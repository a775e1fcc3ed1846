package upstream

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// Object names an object of the upstream, or a version of one.
type Object struct {
	Bucket, Key string
	// Version is the version's id; empty for the current one.
	Version string
}

// Tag is a tag of an object.
type Tag struct{ Key, Value string }

const (
	// tagsTimeout bounds the reading of an object's tags, which a client waits
	// for.
	tagsTimeout = 5 * time.Second
	// maxTags is how many tags an object has at most.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
	maxTags = 10
	// maxTagsAnswer bounds the answer that holds them.
	maxTagsAnswer = 64 << 10
)

// ObjectTags asks the upstream, with its own credentials, for the tags of an
// object (GetObjectTagging). An object that is not there has none. kept is false,
// without a refusal, if the upstream answers that it does not implement tags of
// objects (501 NotImplemented). Whatever else it says is a refusal that can be
// tried again: without the tags nothing is decided. What was read is remembered
// for Options.TagLifetime.
//
// Ask only upstreams that have the operation: one that overlooks the
// sub-resource would answer with the object.
func (u *Upstream) ObjectTags(ctx context.Context, o Object, now time.Time, requestID string) (tags []Tag, kept bool, refusal *wire.Refusal) {
	if tags, ok := u.tags.get(o, now); ok {
		return tags, true, nil
	}
	return u.CurrentObjectTags(ctx, o, now, requestID)
}

// CurrentObjectTags is ObjectTags without what is remembered: for tags that the
// caller may have changed a moment ago, to have others decided than are used.
func (u *Upstream) CurrentObjectTags(ctx context.Context, o Object, now time.Time, requestID string) (tags []Tag, kept bool, refusal *wire.Refusal) {
	if tags, kept, refusal = u.readTags(ctx, o, now, requestID); kept {
		u.tags.put(o, tags, now)
	}
	return tags, kept, refusal
}

func (u *Upstream) readTags(ctx context.Context, o Object, now time.Time, requestID string) (tags []Tag, kept bool, refusal *wire.Refusal) {
	ctx, cancel := context.WithTimeout(ctx, tagsTimeout)
	defer cancel()
	req := &wire.Request{
		Method: "GET", Scheme: u.target.Scheme, Host: u.target.Host,
		Path: "/" + o.Bucket + "/" + sigv4.EscapePath(o.Key), RawQuery: "tagging=", HasQuery: true,
	}
	if o.Version != "" {
		req.RawQuery += "&versionId=" + sigv4.EscapeParam(o.Version)
	}
	if req.Query, refusal = wire.ParseQuery(req.RawQuery); refusal != nil {
		return nil, false, refusal
	}
	resp, refusal := u.Do(ctx, &Call{Request: req, Own: true, Bucket: o.Bucket, Payload: sigv4.EmptyPayload, Now: now, RequestID: requestID})
	if refusal != nil {
		return nil, false, refusal
	}
	body, err := readAnswer(resp)
	if err != nil {
		return nil, false, u.noTags("reading the answer: " + err.Error())
	}
	switch {
	case resp.Status == 200:
		if tags, err = parseTags(body); err != nil {
			return nil, false, u.noTags(err.Error())
		}
		return tags, true, nil
	case isMissing(resp, errorCode(body)), o.Version != "" && isNoVersion(resp, body):
		return nil, true, nil
	case resp.Status == 501 && errorCode(body) == "NotImplemented":
		return nil, false, nil
	default:
		return nil, false, u.noTags(fmt.Sprintf("it answered %d %.64s", resp.Status, errorCode(body)))
	}
}

func (u *Upstream) noTags(why string) *wire.Refusal {
	return wire.Unavailable(fmt.Sprintf("upstream %q: the tags of an object, on which the decision depends: %s", u.options.Name, why))
}

func readAnswer(resp *wire.Response) ([]byte, error) {
	if resp.Body == nil {
		return nil, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTagsAnswer+1))
	if err == nil && len(body) > maxTagsAnswer {
		err = fmt.Errorf("it is over %d bytes", maxTagsAnswer)
	}
	return body, err
}

// isMissing tells that there is no such object, or that it is a mark of a
// deletion: neither has tags. Another 404 may come from a store that does not
// know the operation.
func isMissing(resp *wire.Response, code string) bool {
	switch resp.Status {
	case 404:
		switch code {
		case "NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NoSuchTagSet", "NoSuchTagSetError":
			return true
		}
	case 405:
		return resp.Fields.Get("x-amz-delete-marker") == "true"
	}
	return false
}

// isNoVersion tells that the version's id is not one of the upstream's: so there is
// no such version.
func isNoVersion(resp *wire.Response, body []byte) bool {
	return resp.Status == 400 && errorCode(body) == "InvalidArgument" && bytes.Contains(body, []byte("<ArgumentName>versionId</ArgumentName>"))
}

// parseTags reads the answer of GetObjectTagging.
func parseTags(document []byte) ([]Tag, error) {
	var tagging struct {
		XMLName xml.Name `xml:"Tagging"`
		TagSet  *struct {
			Tag []struct {
				Key   *string
				Value *string
			}
		}
	}
	switch err := xml.Unmarshal(document, &tagging); {
	case err != nil:
		return nil, fmt.Errorf("the answer is no Tagging document: %w", err)
	case tagging.TagSet == nil:
		return nil, fmt.Errorf("the answer has no TagSet")
	case len(tagging.TagSet.Tag) > maxTags:
		return nil, fmt.Errorf("the answer has %d tags, more than the %d that an object can have", len(tagging.TagSet.Tag), maxTags)
	}
	tags := make([]Tag, 0, len(tagging.TagSet.Tag))
	for _, t := range tagging.TagSet.Tag {
		if t.Key == nil || t.Value == nil {
			return nil, fmt.Errorf("the answer has a tag without key or value")
		}
		tags = append(tags, Tag{*t.Key, *t.Value})
	}
	return tags, nil
}
