//go:build linux

package effects_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// request is a request on the wire.
type request struct {
	method, path, query string
	// fields are the header's lines, in order.
	fields []string
	body   string
	hosted bool // for the door for virtual hosts
	host   string
	how    signing
}

// signing is how a request is authenticated.
type signing int

const (
	byHeader signing = iota
	byQuery          // presigned
	anonymous
)

func (r *request) String() string {
	target := r.path
	if r.query != "" {
		target += "?" + r.query
	}
	return r.method + " " + target + " HTTP/1.1\r\n" + strings.Join(r.fields, "\r\n") + "\r\n\r\n" + r.body
}

const dateFormat = "20060102T150405Z"

// sign finishes the request: what there is of it is signed as it is written.
func (r *request) sign(key sallyport.Key, now time.Time) {
	r.fields = append([]string{"Host: " + r.host, "Connection: close", fmt.Sprintf("Content-Length: %d", len(r.body))}, r.fields...)
	if r.how == anonymous {
		return
	}
	day := now.Format("20060102")
	scope := day + "/us-east-1/s3/aws4_request"
	payload := hashOf(r.body)
	if r.how == byHeader {
		r.fields = append(r.fields, "X-Amz-Date: "+now.Format(dateFormat), "X-Amz-Content-Sha256: "+payload)
	}
	headers := map[string][]string{}
	var names []string
	for _, field := range r.fields {
		name, value, _ := strings.Cut(field, ":")
		if name = strings.ToLower(name); name == "connection" || name == "content-length" {
			continue
		}
		if headers[name] == nil {
			names = append(names, name)
		}
		headers[name] = append(headers[name], strings.TrimSpace(value))
	}
	slices.Sort(names)
	signed := strings.Join(names, ";")
	if r.how == byQuery {
		payload = "UNSIGNED-PAYLOAD"
		r.query = strings.TrimPrefix(r.query+"&", "&") + "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + url.QueryEscape(key.AccessKeyID+"/"+scope) +
			"&X-Amz-Date=" + now.Format(dateFormat) + "&X-Amz-Expires=600&X-Amz-SignedHeaders=" + url.QueryEscape(signed)
	}
	var canonical strings.Builder
	canonical.WriteString(r.method + "\n" + r.path + "\n" + canonicalQuery(r.query) + "\n")
	for _, name := range names {
		canonical.WriteString(name + ":" + strings.Join(headers[name], ",") + "\n")
	}
	canonical.WriteString("\n" + signed + "\n" + payload)
	text := "AWS4-HMAC-SHA256\n" + now.Format(dateFormat) + "\n" + scope + "\n" + hashOf(canonical.String())
	with := []byte("AWS4" + key.SecretAccessKey)
	for _, part := range []string{day, "us-east-1", "s3", "aws4_request", text} {
		h := hmac.New(sha256.New, with)
		h.Write([]byte(part))
		with = h.Sum(nil)
	}
	signature := hex.EncodeToString(with)
	if r.how == byQuery {
		r.query += "&X-Amz-Signature=" + signature
		return
	}
	r.fields = append(r.fields, "Authorization: AWS4-HMAC-SHA256 Credential="+key.AccessKeyID+"/"+scope+", SignedHeaders="+signed+", Signature="+signature)
}

// canonicalQuery is the query as it is signed.
func canonicalQuery(query string) string {
	if query == "" {
		return ""
	}
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		pairs = append(pairs, encoded(decoded(name), false)+"="+encoded(decoded(value), false))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func decoded(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}

// encoded is text as AWS encodes it, in a path or in a query.
func encoded(text string, path bool) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || c == '/' && path {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// maker makes requests of bytes: the same of the same. When they are spent, it
// takes the first of everything.
type maker struct {
	lab  *lab
	data []byte
}

// below is a number below n.
func (m *maker) below(n int) int {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return int(b) % n
}

// once tells yes once in n times, and no when the bytes are spent.
func (m *maker) once(n int) bool { return m.below(n) == n-1 }

func (m *maker) pick(from []string) string { return from[m.below(len(from))] }

// request makes one.
func (m *maker) request() *request {
	t := templates[m.below(len(templates))]
	r := &request{method: t.method, how: byHeader}
	bucket, key := m.pick(buckets), m.pick(objectKeys)
	if m.once(16) {
		bucket = m.pick(oddBuckets)
	}
	if m.once(8) {
		key = m.pick(newKeys)
	}
	if strings.Contains(t.query, "{upload}") && !m.once(4) {
		u := m.lab.uploads[m.below(len(m.lab.uploads))]
		bucket, key = u.bucket, u.key
	}
	r.query = m.filled(t.query, bucket, key)
	for _, field := range t.fields {
		r.fields = append(r.fields, m.filled(field, bucket, key))
	}
	r.body = m.filled(t.body, bucket, key)
	if t.bucket {
		key = ""
	}
	for range []int{0, 0, 0, 0, 1, 1, 2, 3}[m.below(8)] {
		m.change(r)
	}
	r.host = m.lab.server.Address
	if m.once(6) {
		r.hosted, r.host = true, bucket+".s3.example.com"
		r.path = "/" + m.spelt(key)
	} else {
		r.path = "/" + bucket
		if !t.bucket || m.once(4) {
			r.path += "/" + m.spelt(key)
		}
	}
	if m.once(6) {
		at := m.below(len(r.path)) + 1
		r.path = r.path[:at] + m.pick(fragments) + r.path[at:]
	}
	switch m.below(6) {
	case 4:
		r.how = byQuery
	case 5:
		r.how = anonymous
	}
	if t.body == "{form}" {
		r.how = anonymous
	}
	if r.body != "" && t.body != "{form}" && !m.once(8) {
		sum := md5.Sum([]byte(r.body))
		r.fields = append(r.fields, "Content-MD5: "+base64.StdEncoding.EncodeToString(sum[:]))
	}
	// What a line cannot hold would make two of it.
	for i, field := range r.fields {
		r.fields[i] = strings.NewReplacer("\r", "", "\n", "").Replace(field)
	}
	return r
}

// spelt is a key in a path, in one of many ways.
func (m *maker) spelt(key string) string {
	switch m.below(8) {
	case 5: // every byte
		var b strings.Builder
		for i := range len(key) {
			fmt.Fprintf(&b, "%%%02x", key[i])
		}
		return b.String()
	case 6: // as little as a request line can do with
		return strings.NewReplacer("%", "%25", " ", "%20", "?", "%3f", "#", "%23").Replace(key)
	case 7: // as some clients have it
		return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
	}
	return encoded(key, true)
}

// change adds to a request, or takes another method.
func (m *maker) change(r *request) {
	switch m.below(4) {
	case 0, 1:
		parameter := m.filled(m.pick(parameters), m.pick(buckets), m.pick(objectKeys))
		if m.once(2) {
			r.query = strings.TrimSuffix(parameter+"&"+r.query, "&")
		} else {
			r.query = strings.TrimPrefix(r.query+"&"+parameter, "&")
		}
	case 2:
		r.fields = append(r.fields, m.filled(m.pick(fields), m.pick(buckets), m.pick(objectKeys)))
	case 3:
		r.method = m.pick(methods)
	}
}

// filled puts into a text what stands in braces there.
func (m *maker) filled(text, bucket, key string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var name string
		name, text, _ = strings.Cut(rest, "}")
		b.WriteString(m.fill(name, bucket, key))
	}
}

// upload is one of an object, if it has any.
func (m *maker) upload(bucket, key string) *upload {
	for i := range m.lab.uploads {
		if u := &m.lab.uploads[i]; u.bucket == bucket && u.key == key {
			return u
		}
	}
	return &m.lab.uploads[m.below(len(m.lab.uploads))]
}

func (m *maker) fill(name, bucket, key string) string {
	switch name {
	case "source": // of a copy
		source := m.pick(buckets) + "/" + m.spelt(m.pick(objectKeys))
		if m.once(2) {
			source = "/" + source
		}
		if m.once(4) {
			source = strings.ReplaceAll(source, "/", "%2F")
		}
		return source
	case "version":
		o := m.lab.objects[m.below(len(m.lab.objects))]
		for i := range m.lab.objects { // one of this object, if it has any
			if v := m.lab.objects[i]; v.bucket == bucket && v.key == key && (v.version != "" && !m.once(3)) {
				o = v
			}
		}
		if o.version == "" || m.once(6) {
			return "null"
		}
		return o.version
	case "upload":
		return m.upload(bucket, key).id
	case "etag":
		return m.upload(bucket, key).etag
	case "entries":
		var b strings.Builder
		for range m.below(3) + 1 {
			b.WriteString("<Object>" + m.filled(m.pick(entries), bucket, m.pick(objectKeys)) + "</Object>")
		}
		return b.String()
	case "xml": // the key as text
		return strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(key)
	case "references":
		var b strings.Builder
		for _, c := range key {
			fmt.Fprintf(&b, "&#x%x;", c)
		}
		return b.String()
	case "raw":
		return key
	case "key":
		return encoded(key, false)
	case "bucket":
		return bucket
	case "form":
		return strings.ReplaceAll(m.filled(m.pick(forms), bucket, key), "\n", "\r\n")
	}
	return "{" + name + "}"
}
