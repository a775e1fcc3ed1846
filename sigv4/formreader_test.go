package sigv4_test

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	delimiter  = "--" + formBoundary
	keyPart    = "Content-Disposition: form-data; name=\"key\"\r\n\r\na"
	wholeFile  = "Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ncontent"
	malformed  = "MalformedPOSTRequest"
	formLimit  = 20 << 10
	headLimit  = 4 << 10
	fieldLimit = 100
)

// TestFormReader: what has one reading, and what has more.
func TestFormReader(t *testing.T) {
	t.Parallel()
	good := multipartOf(keyPart, wholeFile)
	fieldWith := func(header string) string { return multipartOf(keyPart, header+"\r\n\r\nx", wholeFile) }
	file := func(content string) string {
		return multipartOf(keyPart, "Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"+content)
	}
	tests := []struct {
		name string
		body string
		code string // "": accepted
	}{
		{"whole", good, ""},
		{"nothing", "", malformed},
		{"preamble", "preamble\r\n" + good, malformed},
		{"line before", "\r\n" + good, malformed},
		{"wrong boundary", strings.ReplaceAll(good, formBoundary, "other"), malformed},
		{"closing boundary alone", delimiter + "--\r\n", malformed},
		{"space behind a boundary", strings.Replace(good, delimiter+"\r\n", delimiter+" \r\n", 1), malformed},
		{"space behind the second boundary", strings.Replace(good, "a\r\n"+delimiter+"\r\n", "a\r\n"+delimiter+" \r\n", 1), malformed},
		{"boundary that goes on", file("x\r\n" + delimiter + "y"), malformed},
		{"boundary in a line", file("x" + delimiter + "\r\n"), ""},
		{"boundary behind LF", file("x\n" + delimiter + "\r\ny"), malformed},
		{"boundary behind CR", file("x\r" + delimiter + "\r\ny"), malformed},
		{"closing boundary behind LF", strings.Replace(good, "content\r\n", "content\n", 1), malformed},
		{"closing boundary behind CR", strings.Replace(good, "content\r\n", "content\r", 1), malformed},
		{"closing boundary behind two LF", strings.Replace(good, "content\r\n", "content\n\n", 1), malformed},
		{"boundary at the beginning", file(delimiter + "\r\n"), malformed},
		{"boundary at the beginning of a field", multipartOf("Content-Disposition: form-data; name=\"key\"\r\n\r\n"+delimiter+"x", wholeFile), malformed},
		{"boundary behind LF in a field", multipartOf(keyPart+"\n"+delimiter+"\n", wholeFile), malformed},
		{"half a boundary", file("x\r\n" + delimiter[:20] + "\r\n--\r\n-\r\r\n\n"), ""},
		{"bare LF", strings.ReplaceAll(good, "\r\n", "\n"), malformed},
		{"LF in a header", fieldWith("Content-Disposition: form-data; name=\"x\"\nContent-Type: text/plain"), malformed},
		{"LF before the content", strings.Replace(good, "\"key\"\r\n\r\n", "\"key\"\r\n\n", 1), malformed},
		{"empty content", multipartOf(keyPart, part("acl", ""), wholeFile), ""},
		{"no line for the empty content", delimiter + "\r\n" + part("key", "") + delimiter + "\r\n" + wholeFile + "\r\n" + delimiter + "--\r\n", malformed},
		{"no header", multipartOf(keyPart, "\r\nvalue", wholeFile), malformed},
		{"no name", fieldWith("Content-Disposition: form-data"), malformed},
		{"empty name", fieldWith(`Content-Disposition: form-data; name=""`), malformed},
		{"no disposition", fieldWith("Content-Type: text/plain"), malformed},
		{"another disposition", fieldWith(`Content-Disposition: file; name="x"`), malformed},
		{"two dispositions", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"y\""), malformed},
		{"two types", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Type: a/b\r\nContent-Type: c/d"), malformed},
		{"two names", fieldWith(`Content-Disposition: form-data; name="x"; name="y"`), malformed},
		{"name in two cases", fieldWith(`Content-Disposition: form-data; name="x"; NAME="y"`), malformed},
		{"extended name", fieldWith(`Content-Disposition: form-data; name*=utf-8''x`), malformed},
		{"extended name beside the name", fieldWith(`Content-Disposition: form-data; name="x"; name*=utf-8''y`), malformed},
		{"continued name", fieldWith(`Content-Disposition: form-data; name*0="x"; name*1="y"`), malformed},
		{"unquoted name", fieldWith("content-disposition:form-data;name=x"), ""},
		{"spaces", fieldWith("Content-Disposition: \tForm-Data \t;  name=\"x\" ; filename=\"y\" "), ""},
		{"space before the colon", fieldWith(`Content-Disposition : form-data; name="x"`), malformed},
		{"space around the equals sign", fieldWith(`Content-Disposition: form-data; name = "x"`), malformed},
		{"semicolon at the end", fieldWith(`Content-Disposition: form-data; name="x";`), malformed},
		{"text behind the quotes", fieldWith(`Content-Disposition: form-data; name="x"y`), malformed},
		{"open quotes", fieldWith(`Content-Disposition: form-data; name="x`), malformed},
		{"quoted quotes in a name", fieldWith(`Content-Disposition: form-data; name="x\""`), malformed},
		{"spaces in a name", fieldWith(`Content-Disposition: form-data; name="x y"`), malformed},
		{"a name that is not ASCII", fieldWith("Content-Disposition: form-data; name=\"\u212aey2\""), malformed},
		{"another parameter", fieldWith(`Content-Disposition: form-data; name="x"; size=1`), malformed},
		{"folded header", fieldWith("Content-Disposition: form-data;\r\n name=\"x\""), malformed},
		{"another header field", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nX-Custom: 1"), malformed},
		{"transfer encoding", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Transfer-Encoding: base64"), malformed},
		{"identity transfer encoding", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Transfer-Encoding: binary"), malformed},
		{"multipart in a field", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Type: multipart/mixed; boundary=y"), malformed},
		{"multipart in the file", multipartOf(keyPart, "Content-Disposition: form-data; name=\"file\"\r\nContent-Type: Multipart/Mixed; boundary=y\r\n\r\n"), malformed},
		{"type of a field", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Type: text/plain; charset=UTF-8"), ""},
		{"length of a field", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Length: 1"), ""},
		{"wrong length of a field", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Length: 2"), malformed},
		{"no length of a field", fieldWith("Content-Disposition: form-data; name=\"x\"\r\nContent-Length: +1"), malformed},
		{"length of the file", multipartOf(keyPart, "Content-Length: 7\r\n"+wholeFile), ""},
		{"wrong length of the file", multipartOf(keyPart, "Content-Length: 6\r\n"+wholeFile), malformed},
		{"repeated field", multipartOf(keyPart, part("x", "1"), part("x", "1"), wholeFile), malformed},
		{"repeated in another case", multipartOf(keyPart, part("x", "1"), part("X", "2"), wholeFile), malformed},
		{"not UTF-8", multipartOf(keyPart, part("x", "\xff"), wholeFile), malformed},
		{"line end in a value", multipartOf(keyPart, part("x-amz-meta-a", "b\r\nx-amz-acl: public-read"), wholeFile), malformed},
		{"NUL in a value", multipartOf(keyPart, part("acl", "private\x00"), wholeFile), malformed},
		{"line end in tagging", multipartOf(keyPart, part("tagging", "<Tagging>\n</Tagging>"), wholeFile), ""},
		{"no file", multipartOf(keyPart), "IncorrectNumberOfFilesInPostRequest"},
		{"two files", multipartOf(keyPart, wholeFile, wholeFile), "IncorrectNumberOfFilesInPostRequest"},
		{"file and content", multipartOf(keyPart, wholeFile, strings.Replace(wholeFile, `"file"`, `"content"`, 1)), "IncorrectNumberOfFilesInPostRequest"},
		{"content", multipartOf(keyPart, strings.Replace(wholeFile, `"file"`, `"content"`, 1)), ""},
		{"file without a filename", multipartOf(keyPart, part("File", "content")), ""},
		{"field behind the file", multipartOf(keyPart, wholeFile, part("acl", "public-read")), malformed},
		{"nonsense behind the file", multipartOf(keyPart, wholeFile, "x"), malformed},
		{"key behind the file", multipartOf(wholeFile, keyPart), "InvalidArgument"},
		{"no line end at the end", strings.TrimSuffix(good, "\r\n"), malformed},
		{"half a line end at the end", strings.TrimSuffix(good, "\n"), malformed},
		{"epilogue", good + "epilogue", malformed},
		{"line behind the end", good + "\r\n", malformed},
		{"LF at the end", strings.TrimSuffix(good, "\r\n") + "\n\n", malformed},
		{"form behind the form", good + good, malformed},
		{"cut in the file", good[:len(good)-len(formBoundary)-10], malformed},
		{"cut in a field", good[:80], malformed},
		{"cut in the boundary", good[:20], malformed},
		{"quoted quotes in a filename", multipartOf(keyPart, strings.Replace(wholeFile, `"f"`, `"a\"b"`, 1)), malformed},
		{"backslash at the end of a filename", multipartOf(keyPart, strings.Replace(wholeFile, `"f"`, `"a\"`, 1)), malformed},
		{"extended filename", multipartOf(keyPart, strings.Replace(wholeFile, `"f"`, `"f"; filename*=utf-8''g`, 1)), malformed},
		{"filename that is not UTF-8", multipartOf(keyPart, strings.Replace(wholeFile, `"f"`, "\"\xff\"", 1)), malformed},
		{"variable without a filename", multipartOf(part("key", "a/${filename}"), part("file", "x")), malformed},
		{"empty key", multipartOf(part("key", "${filename}"), strings.Replace(wholeFile, `"f"`, `""`, 1)), "InvalidArgument"},
	}
	for _, tt := range tests {
		for _, declared := range []bool{true, false} {
			for _, cut := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
				req := formRequest(t, tt.body)
				req.Body = io.NopCloser(cut(strings.NewReader(tt.body)))
				if !declared {
					req.BodySize = -1
				}
				_, content, refusal := upload(t, req, formParams())
				switch {
				case tt.code == "" && refusal != nil, tt.code != "" && (refusal == nil || refusal.Code != tt.code && refusal.Code != "IncompleteBody"):
					t.Errorf("%s, declared %v: %v", tt.name, declared, refusal)
				case tt.code != "" && content == "content":
					t.Errorf("%s, declared %v: the file was yielded whole", tt.name, declared)
				}
			}
		}
	}
}

// TestFormEnd: a form without the last line end, as RFC 2046 permits it, is told
// what it lacks.
func TestFormEnd(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "x", "content", strings.Repeat("x", 1<<17)} {
		body := strings.TrimSuffix(formOf([]field{{"key", "a"}}, filePart("f", content)), "\r\n")
		for _, size := range []int64{int64(len(body)), -1} {
			req := formRequest(t, body)
			req.BodySize = size
			_, _, refusal := upload(t, req, formParams())
			if refusal == nil || refusal.Code != malformed || !strings.HasSuffix(refusal.Message, "must end with its closing boundary and one CRLF.") {
				t.Errorf("%d bytes of %d: %v", len(content), size, refusal)
			}
		}
	}
}

func TestFormFileNames(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		`f.txt`: "f.txt", `C:\Program Files\directory1\file.txt`: "file.txt", `/home/a/f.txt`: "f.txt", `a\b/c`: "c", `a/b\c`: "c",
		`dir/`: "", `C:\\dir\\f`: "f", "é.txt": "é.txt", "a;b=c": "a;b=c", "%22": "%22", "..": "..", "${filename}": "${filename}", "": "",
	} {
		form, refusal := sigv4.ReadForm(formRequest(t, formOf([]field{{"key", "x/${filename}"}}, filePart(sent, ""))), formBucket)
		if refusal != nil || form.FileName != want || form.Key() != "x/"+want {
			t.Errorf("%q: %+v, %v", sent, form, refusal)
		}
	}
}

func TestFormBoundaries(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("b", 70)
	tests := []struct {
		contentType, boundary string
		ok                    bool
	}{
		{"multipart/form-data; boundary=" + long, long, true},
		{"multipart/form-data; boundary=" + long + "b", long + "b", false},
		{`multipart/form-data; boundary="a b:c/d=e?f,(g)"`, "a b:c/d=e?f,(g)", true},
		{`multipart/form-data; boundary="a "`, "a ", false},
		{`multipart/form-data; boundary=""`, "", false},
		{"multipart/form-data; boundary=", "", false},
		{"multipart/form-data; boundary=-", "-", true},
		{"multipart/form-data; boundary=a:b", "a:b", false},
		{"multipart/form-data; boundary=a b", "a b", false},
		{`multipart/form-data; boundary="a\"b"`, `a"b`, false},
		{`multipart/form-data; boundary="é"`, "é", false},
		{"multipart/form-data; boundary=a; boundary=a", "a", false},
		{"multipart/form-data; boundary=a; Boundary=b", "a", false},
		{"multipart/form-data; boundary*=utf-8''a", "a", false},
		{"multipart/form-data; boundary=a; charset=utf-8", "a", true},
		{"multipart/form-data; charset=utf-8; boundary=a", "a", true},
		{"multipart/form-data; boundary=a; charset=iso-8859-1", "a", false},
		{"multipart/form-data; boundary=a; x=y", "a", false},
		{"multipart/form-data; boundary=a;", "a", false},
		{"multipart/form-data, boundary=a", "a", false},
	}
	for _, tt := range tests {
		req := formRequest(t, strings.ReplaceAll(multipartOf(keyPart, wholeFile), formBoundary, tt.boundary))
		req.Fields.Set("content-type", tt.contentType)
		if _, content, refusal := upload(t, req, formParams()); (refusal == nil) != tt.ok || tt.ok && content != "content" {
			t.Errorf("%s: %q, %v", tt.contentType, content, refusal)
		}
	}
}

func TestFormLimits(t *testing.T) {
	t.Parallel()
	const tooLarge = "MaxPostPreDataLengthExceededError"
	// bytesBefore is a form with that many bytes before its file.
	bytesBefore := func(n int) string {
		rest := n - len(multipartOf(keyPart, part("x-amz-meta-a", ""), filePart("f", ""))) + len("\r\n"+delimiter+"--\r\n")
		return formOf([]field{{"key", "a"}, {"x-amz-meta-a", strings.Repeat("x", rest)}}, filePart("f", "content"))
	}
	fields := func(n int) string {
		out := []field{{"key", "a"}}
		for i := range n - 1 {
			out = append(out, field{"f" + strconv.Itoa(i), ""})
		}
		return formOf(out, filePart("f", "content"))
	}
	head := func(n int) string {
		text := `Content-Disposition: form-data; name="file"; filename="`
		return multipartOf(keyPart, text+strings.Repeat("x", n-len(text)-1)+"\"\r\n\r\ncontent")
	}
	amplified := func(n, length int) string {
		return formOf([]field{{"key", strings.Repeat("${filename}", n)}}, filePart(strings.Repeat("x", length), "content"))
	}
	tests := []struct{ name, body, code string }{
		{"as many bytes as may be", bytesBefore(formLimit), ""},
		{"one more", bytesBefore(formLimit + 1), tooLarge},
		{"more than is read ahead", bytesBefore(2 * formLimit), tooLarge},
		{"without end", delimiter + "\r\n" + keyPart + strings.Repeat("x", 1<<20), tooLarge},
		{"as many fields as may be", fields(fieldLimit), ""},
		{"one field more", fields(fieldLimit + 1), malformed},
		{"the largest header", head(headLimit), ""},
		{"a larger header", head(headLimit + 1), malformed},
		{"a header without end", delimiter + "\r\n" + strings.Repeat("x", 1<<20), malformed},
		{"a variable that grows", amplified(20, 1000), ""},
		{"a variable that grows more", amplified(21, 1000), tooLarge},
	}
	for _, tt := range tests {
		_, content, refusal := upload(t, formRequest(t, tt.body), formParams())
		if tt.code == "" && (refusal != nil || content != "content") || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%s: %q, %v", tt.name, content, refusal)
		}
	}
	_, _, refusal := upload(t, formRequest(t, bytesBefore(formLimit+1)), formParams())
	expectRefusal(t, refusal, 400, tooLarge, "Your POST request fields preceding the upload file were too large.", "MaxPostPreDataLengthBytes=20480")
	form, refusal := sigv4.ReadForm(formRequest(t, multipartOf(keyPart, wholeFile)), formBucket)
	if refusal != nil {
		t.Fatal(refusal)
	}
	_, refusal = form.Body(6)
	expectRefusal(t, refusal, 400, "EntityTooLarge", "", "MaxSizeAllowed=6")
}

// TestFormFile streams files of many sizes around the buffer's, with what looks
// like a delimiter, in pieces, and reads each as it is.
func TestFormFile(t *testing.T) {
	t.Parallel()
	almost := "\r\n" + delimiter[:len(delimiter)-1] + "\r\n" + delimiter[:10] + "\r\n\r\n-" + delimiter + "--\r\r\n"
	for _, content := range []string{
		"", "\r", "\n", "\r\n", "\r\n\r\n", "-", "\r\n--", almost, strings.Repeat(almost, 3000), strings.Repeat("-", 100_000), strings.Repeat("\r\n", 50_000),
		big[:32<<10-1], big[:32<<10], strings.Repeat(big, 4) + almost, strings.Repeat("x"+delimiter, 2000),
	} {
		body := formOf([]field{{"key", "a"}}, filePart("f", content))
		for _, piece := range []int{0, 1, 1000, 1 << 16} {
			if piece == 1 && len(content) > 1<<16 {
				continue
			}
			for _, declared := range []bool{true, false} {
				req := formRequest(t, body)
				if !declared {
					req.BodySize = -1
				}
				form, refusal := sigv4.ReadForm(req, formBucket)
				if refusal != nil {
					t.Fatal(refusal)
				}
				b, refusal := form.Body(0)
				if refusal != nil {
					t.Fatal(refusal)
				}
				if got, err := readAll(b, piece); string(got) != content || err != nil || declared != (b.Size() == int64(len(content))) {
					t.Errorf("%d bytes in pieces of %d, declared %v: %d bytes of %d, %v", len(content), piece, declared, len(got), b.Size(), err)
				}
			}
		}
	}
}

// TestFormChecksums: what a field promises of the file is verified before its
// last byte goes.
func TestFormChecksums(t *testing.T) {
	t.Parallel()
	sum := checksumOf("sha256", "content")
	tests := []struct {
		fields []field
		code   string
	}{
		{[]field{{"x-amz-checksum-sha256", sum}}, ""},
		{[]field{{"X-Amz-Checksum-SHA256", sum}, {"x-amz-checksum-algorithm", "SHA256"}}, ""},
		{[]field{{"x-amz-checksum-sha256", checksumOf("sha256", "other")}}, "BadDigest"},
		{[]field{{"x-amz-checksum-sha256", "sailorjerry"}}, "InvalidRequest"},
		{[]field{{"x-amz-checksum-sha256", sum}, {"x-amz-checksum-crc32", checksumOf("crc32", "content")}}, "InvalidRequest"},
		{[]field{{"Content-MD5", checksumOf("md5", "content")}}, ""},
		{[]field{{"Content-MD5", checksumOf("md5", "other")}}, "BadDigest"},
		{[]field{{"Content-MD5", "x"}}, "InvalidDigest"},
	}
	for _, tt := range tests {
		_, content, refusal := upload(t, formRequest(t, formOf(append(tt.fields, field{"key", "a"}), filePart("f", "content"))), formParams())
		if tt.code == "" && (refusal != nil || content != "content") || tt.code != "" && (refusal == nil || refusal.Code != tt.code || content == "content") {
			t.Errorf("%v: %q, %v", tt.fields, content, refusal)
		}
	}
}

// TestFormLastByte: no piece of a form that fails at its end is the whole file.
func TestFormLastByte(t *testing.T) {
	t.Parallel()
	whole := multipartOf(keyPart, wholeFile)
	for _, body := range []string{
		whole + "x", strings.TrimSuffix(whole, "\r\n") + "x\n", strings.TrimSuffix(whole, "--\r\n") + "\r\n" + part("acl", "b"), whole[:len(whole)-3], whole[:len(whole)-5],
	} {
		for _, size := range []int64{int64(len(body)), int64(len(whole)), -1} {
			for piece := 1; piece < 9; piece++ {
				req := formRequest(t, body)
				req.BodySize = size
				form, refusal := sigv4.ReadForm(req, formBucket)
				if refusal != nil {
					continue // the size shows it before
				}
				b, refusal := form.Body(0)
				if refusal != nil {
					t.Fatal(refusal)
				}
				if got, err := readAll(b, piece); err == nil || string(got) == "content" || b.Refusal() == nil {
					t.Errorf("%q of %d bytes in pieces of %d: %q, %v", body, size, piece, got, err)
				}
			}
		}
	}
}

// TestFormSource: a client that goes away is told from a form that is wrong.
func TestFormSource(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection reset")
	whole := multipartOf(keyPart, wholeFile)
	for cut := range len(whole) {
		req := formRequest(t, whole)
		req.Body = io.NopCloser(io.MultiReader(strings.NewReader(whole[:cut]), iotest.ErrReader(gone)))
		form, refusal := sigv4.ReadForm(req, formBucket)
		if refusal != nil {
			if refusal.Code != "IncompleteBody" || !strings.Contains(refusal.Cause, "connection reset") {
				t.Errorf("cut at %d: %v", cut, refusal)
			}
			continue
		}
		b, refusal := form.Body(0)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if got, err := io.ReadAll(b); !errors.Is(err, gone) || !errors.Is(b.Err(), gone) || string(got) == "content" {
			t.Errorf("cut at %d: %q, %v", cut, got, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, refusal := sigv4.ReadForm(&wire.Request{Method: "POST", Fields: wire.Fields{{Name: "content-type", Value: formType}}}, formBucket); refusal == nil || refusal.Code != malformed {
		t.Errorf("no body: %v", refusal)
	}
}
