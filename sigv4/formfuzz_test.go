package sigv4_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// mimeForm reads a form of fuzzBoundary with mime/multipart: the fields, then
// the file.
func mimeForm(body []byte) (fields []field, filename, content string, err error) {
	r := multipart.NewReader(bytes.NewReader(body), fuzzBoundary)
	found := false
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			if !found {
				return nil, "", "", errors.New("no file")
			}
			return fields, filename, content, nil
		}
		if err != nil {
			return nil, "", "", err
		}
		value, err := io.ReadAll(p)
		if err != nil {
			return nil, "", "", err
		}
		switch name := strings.ToLower(p.FormName()); {
		case found:
			return nil, "", "", errors.New("a part follows the file")
		case name == "file" || name == "content":
			// Not FileName, which makes a name of it that is safe on this system.
			_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
			if err != nil {
				return nil, "", "", err
			}
			found, filename, content = true, params["filename"], string(value)
		default:
			fields = append(fields, field{name, string(value)})
		}
	}
}

// fuzzBoundary is short, so that what is made up hits it.
const fuzzBoundary = "b"

// FuzzForm: what is accepted, mime/multipart reads as the same, however the
// bytes arrive; and written again it is accepted as the same.
func FuzzForm(f *testing.F) {
	const acl = "Content-Disposition: form-data; name=\"acl\"\r\n\r\nprivate"
	f.Add(acl, wholeFile, "--\r\n")
	f.Add(acl, wholeFile, "\r\n"+wholeFile+"\r\n--b--\r\n")
	f.Add(part("x-ignore-a", "\r\n--${filename}"), filePart(`C:\a\b.txt`, "\r\n--"), "--\r\n")
	f.Add("Content-Length: 7\r\n"+acl, "Content-Length: 7\r\n"+wholeFile, "--\r\n")
	f.Add(part("tagging", "\n"), part("file", "\n--b"), "--\r\nx")
	f.Add("content-disposition:form-data;name=a;filename=\"${filename}\"\r\n\r\n\r\n", "CONTENT-DISPOSITION: Form-Data ; NAME=FILE\r\ncontent-type:a/b\r\n\r\n", "--")
	f.Fuzz(func(t *testing.T, first, second, end string) {
		body := []byte("--b\r\n" + keyPart + "\r\n--b\r\n" + first + "\r\n--b\r\n" + second + "\r\n--b" + end)
		readAs := func(boundary string, r io.Reader, size int64, piece int) (*sigv4.PostForm, string, bool) {
			req := formRequest(t, "")
			req.Fields.Set("content-type", "multipart/form-data; boundary="+boundary)
			req.Body, req.BodySize = io.NopCloser(r), size
			form, refusal := sigv4.ReadForm(req, formBucket)
			if refusal != nil || form.Signed() {
				return nil, "", false
			}
			b, refusal := form.Body(0)
			if refusal != nil {
				return nil, "", false
			}
			content, err := readAll(b, piece)
			if (err == nil) != (b.Refusal() == nil) {
				t.Fatalf("%v, but the refusal is %v", err, b.Refusal())
			}
			if err != nil && b.Size() >= 0 && int64(len(content)) >= b.Size() {
				t.Fatalf("all %d bytes were yielded of a file that failed: %v", len(content), err)
			}
			if err == nil && b.Size() >= 0 && int64(len(content)) != b.Size() {
				t.Fatalf("%d bytes were yielded of %d", len(content), b.Size())
			}
			return form, string(content), err == nil
		}
		read := func(r io.Reader, size int64, piece int) (*sigv4.PostForm, string, bool) {
			return readAs(fuzzBoundary, r, size, piece)
		}
		size := int64(len(body))
		form, content, ok := read(bytes.NewReader(body), size, 0)
		for _, split := range []io.Reader{iotest.OneByteReader(bytes.NewReader(body)), iotest.DataErrReader(bytes.NewReader(body))} {
			other, otherContent, otherOK := read(split, size, 3)
			if ok != otherOK || ok && (content != otherContent || show(form.Fields) != show(other.Fields)) {
				t.Fatalf("%v %q, but with other reads %v %q", ok, content, otherOK, otherContent)
			}
		}
		if !ok {
			return
		}
		if _, otherContent, otherOK := read(bytes.NewReader(body), -1, 0); !otherOK || otherContent != content {
			t.Fatalf("%q, but without a size %v %q", content, otherOK, otherContent)
		}
		fields, filename, theirs, err := mimeForm(body)
		if err != nil || theirs != content {
			t.Fatalf("%q, but mime/multipart reads %q, %v", content, theirs, err)
		}
		// mime/multipart takes some backslashes for quotes.
		if !bytes.Contains(body, []byte{'\\'}) && filename[strings.LastIndexByte(filename, '/')+1:] != form.FileName {
			t.Fatalf("file name %q, but mime/multipart reads %q", form.FileName, filename)
		}
		var shown wire.Fields
		for _, f := range fields {
			if f.name != "bucket" && !strings.HasPrefix(f.name, "x-ignore-") {
				shown.Add(f.name, strings.ReplaceAll(f.value, "${filename}", form.FileName))
			}
		}
		if show(shown) != show(form.Fields) {
			t.Fatalf("%s, but mime/multipart reads %s", show(form.Fields), show(shown))
		}
		if len(body) > 8<<10 {
			return // written again, the fields could be larger than they may
		}
		again, contentAgain, ok := readAs(formBoundary, strings.NewReader(formOf(fields, filePart(form.FileName, content))), -1, 0)
		if !ok || contentAgain != content || show(again.Fields) != show(form.Fields) {
			t.Fatalf("%s %q, but written again %v %q", show(form.Fields), content, ok, contentAgain)
		}
	})
}

// FuzzPostPolicy: what is accepted is JSON of the documented shape, has not
// expired, and permits the form by a second, naive reading.
func FuzzPostPolicy(f *testing.F) {
	f.Add(policyOf(`, {"key": "user/name.txt"}`))
	f.Add(policyOf(`, ["starts-with", "$key", "user/"], ["content-length-range", 1, "10"]`))
	f.Add(policyOf(`, ["starts-with", "$key", ""], ["starts-with", "$Content-Type", "image/"], {"content-type": "image/a,image/b"}`))
	f.Add(strings.Replace(policyOf(`, ["eq", "$key", "user/name.txt"]`), "Z", ".5Z", 1))
	f.Add(`{"expiration": "2013-05-24T01:00:00Z", "expiration": "2013-05-24T01:00:00Z", "conditions": [[["eq"]]]}`)
	sent := []field{{"key", "user/${filename}"}, {"content-type", "image/a,image/b"}}
	f.Fuzz(func(t *testing.T, policy string) {
		form, refusal := signedUpload(t, policy, "content", sent...)
		if refusal != nil {
			if refusal.Status != 400 && refusal.Status != 403 {
				t.Fatal(refusal)
			}
			return
		}
		fields := map[string]string{"bucket": formBucket, "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": formCredential, "x-amz-date": exampleTime}
		for _, f := range form.Fields {
			fields[f.Name] = f.Value
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(policy), &document); err != nil || len(document) != 2 {
			t.Fatalf("accepted %q: %v", policy, err)
		}
		expiration, err := time.Parse(time.RFC3339Nano, document["expiration"].(string))
		if err != nil || expiration.Before(exampleNow) {
			t.Fatalf("accepted with the expiration %v, %v", expiration, err)
		}
		covered := map[string]bool{}
		for _, condition := range document["conditions"].([]any) {
			covered[naiveCondition(t, condition, fields)] = true
		}
		for name := range fields {
			if !covered[name] {
				t.Errorf("accepted %q, which says nothing of %s", policy, name)
			}
		}
	})
}

// naiveCondition fails the test if a condition does not hold; it returns the
// field that the condition is about.
func naiveCondition(t *testing.T, condition any, fields map[string]string) string {
	operator, name, value := "eq", "", ""
	switch c := condition.(type) {
	case map[string]any:
		for k, v := range c {
			name, value = strings.ToLower(k), v.(string)
		}
	case []any:
		operator = strings.ToLower(c[0].(string))
		if operator == "content-length-range" {
			least, _ := strconv.Atoi(fmt.Sprint(c[1]))
			most, err := strconv.ParseFloat(fmt.Sprint(c[2]), 64)
			if least > len("content") || most < float64(len("content")) || err != nil {
				t.Errorf("accepted a size outside %v", c)
			}
			return ""
		}
		name, value = strings.ToLower(strings.TrimPrefix(c[1].(string), "$")), c[2].(string)
	}
	actual, ok := fields[name]
	holds := actual == value
	if operator == "starts-with" {
		holds = strings.HasPrefix(actual, value)
	}
	if !ok || !holds {
		t.Errorf("accepted, though %v does not hold of %q", condition, actual)
	}
	return name
}
