package s3

import (
	"bytes"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// formAnswer is what the answer to an upload by a form is to be.
type formAnswer struct {
	bucket, key string
	location    string // of the object, as the client knows it
	status      string // success_action_status
	redirect    *url.URL
	redirects   bool // a field asked for it, readable or not
}

// read takes a field that is about the object's name or about the answer; known
// is false if it is another.
func (a *formAnswer) read(f *wire.Field) (known bool, r *wire.Refusal) {
	switch f.Name {
	case "key":
		for _, c := range f.Value {
			if !isXMLChar(c) {
				return true, invalidArgument("The key of a form must not hold a character that XML cannot, since the answer may have to name it.", "key", "")
			}
		}
		a.key = f.Value
	case "success_action_status":
		a.status = f.Value
	case "success_action_redirect", "redirect":
		if a.redirects {
			return true, invalidArgument("The field redirect is the older name of success_action_redirect: send one of them.", "success_action_redirect", "")
		}
		a.redirects, a.redirect = true, redirection(f.Value)
	default:
		return false, nil
	}
	return true, nil
}

// redirection reads the URL that a browser is sent to; nil if it is none, which
// Amazon S3 takes for not asked for.
func redirection(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || !isHeaderText(text) || strings.ContainsAny(text, " \\") {
		return nil
	}
	return u
}

// answer is the response rewrite of the PutObject that a form stands for: the
// status that the form asks for, 204 if it asks for none that there is.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
func (a *formAnswer) answer(stored *wire.Response) *wire.Response {
	if stored.Body != nil {
		_ = stored.Body.Close()
	}
	out := &wire.Response{Status: 204, Fields: make(wire.Fields, 0, len(stored.Fields)+3)}
	for _, f := range stored.Fields {
		if !strings.HasPrefix(f.Name, "content-") { // is about the body that is closed
			out.Fields = append(out.Fields, f)
		}
	}
	etag := stored.Fields.Get("etag")
	if a.redirect != nil {
		out.Status = 303
		out.Fields.Set("location", a.redirectTo(etag))
		out.Fields.Set("content-length", "0")
		return out
	}
	out.Fields.Set("location", a.location)
	switch a.status {
	case "200":
		out.Status = 200
		out.Fields.Set("content-length", "0")
	case "201":
		out.Status = 201
		body := a.document(etag)
		out.Body, out.BodySize = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		out.Fields.Set("content-type", "application/xml")
		out.Fields.Set("content-length", strconv.Itoa(len(body)))
	}
	return out
}

// redirectTo adds to the URL what was stored.
func (a *formAnswer) redirectTo(etag string) string {
	to := *a.redirect
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += "bucket=" + escape(a.bucket) + "&key=" + escape(a.key) + "&etag=" + escape(etag)
	return to.String()
}

// document tells what was stored.
func (a *formAnswer) document(etag string) []byte {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<PostResponse>")
	b = appendElement(b, "Location", a.location)
	b = appendElement(b, "Bucket", a.bucket)
	b = appendElement(b, "Key", a.key)
	b = appendElement(b, "ETag", etag)
	return append(b, "</PostResponse>"...)
}
