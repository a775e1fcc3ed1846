package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy"
)

// FuzzMap maps what a text holds, with the reader of the command. What is mapped
// has accesses, what is not has a refusal; each access is a question that
// simulate can answer; and what is printed does not steer a terminal.
func FuzzMap(f *testing.F) {
	f.Add("GET /reports/q1.csv HTTP/1.1\nHost: h\n\n")
	f.Add("PUT /archive/x HTTP/1.1\nHost: h\nx-amz-copy-source: reports/a%00b?versionId=1\nx-amz-tagging: a=b&A=c\n\nGET / HTTP/1.1\nHost: h\n")
	f.Add("POST /reports?delete HTTP/1.1\nHost: h\nContent-Length: 66\n\n<Delete><Object><Key>a\x9b</Key><VersionId>v</VersionId></Object></Delete>")
	f.Add("PUT /reports?tagging HTTP/1.1\nHost: h\nContent-Length: 73\n\n<Tagging><TagSet><Tag><Key>a</Key><Value></Value></Tag></TagSet></Tagging>")
	f.Add("PUT /reports?replication HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n0\r\n\r\n")
	f.Add("POST /reports HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=b\nContent-Length: 130\n\n" +
		"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		command := MapCmd{Owner: "111122223333", Caller: "111122223333"}
		at, err := command.place(&Console{})
		if err != nil {
			t.Fatal(err)
		}
		at.now = time.Unix(1_700_000_000, 0)
		result := mappedRequests{}
		console := &Console{In: strings.NewReader(text)}
		if err := command.mapFile(console, at, "-", &result); err != nil {
			return
		}
		if len(result.Requests) == 0 {
			t.Fatal("neither a request nor an error")
		}
		for i := range result.Requests {
			m := &result.Requests[i]
			if (m.Refusal == nil) == (len(m.Accesses) == 0) && m.Operation != proxy.PreflightName {
				t.Fatalf("%s: refusal %+v and %d accesses", m.Request, m.Refusal, len(m.Accesses))
			}
		}
		var table, lines bytes.Buffer
		if err := result.print(&Console{Out: &table}, true); err != nil {
			t.Fatal(err)
		}
		if tame(table.String()) != table.String() {
			t.Fatalf("printed with control characters: %q", table.String())
		}
		template := simulateTemplate{Principal: json.RawMessage(`{"type": "anonymous"}`)}
		if err := result.printLines(&Console{Out: &lines, Err: &bytes.Buffer{}}, template); err != nil {
			t.Fatal(err)
		}
		s := &simulator{documents: newDocumentCache(), render: renderJSON}
		var answers bytes.Buffer
		if asked, failed, err := s.run(bytes.NewReader(lines.Bytes()), &answers); err != nil || failed > 0 {
			t.Fatalf("%d of %d lines cannot be decided (%v):\n%s%s", failed, asked, err, lines.String(), answers.String())
		}
	})
}

// TestMapAmbiguousTags: two tags whose keys differ in case alone stay what they
// are on the way to simulate.
func TestMapAmbiguousTags(t *testing.T) {
	t.Parallel()
	template := simulateTemplate{}
	context, err := template.context(map[string]any{"s3:requestobjecttag/team": nil})
	if err != nil || len(context) != 2 {
		t.Fatalf("%v, %v", context, err)
	}
	text, err := json.Marshal(map[string]any{"context": context})
	if err != nil {
		t.Fatal(err)
	}
	asked, wrong := readInquiry(string(text))
	if v, ok := asked.keys.Lookup("s3:requestobjecttag/team"); wrong != nil || !ok || v.Usable() {
		t.Errorf("%s: %v, %v, %v", text, v, ok, wrong)
	}
}

// TestMapManyRequests: the number of requests of one run has a limit.
func TestMapManyRequests(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("GET /reports HTTP/1.1\nHost: h\n\n", maxMappedRequests)
	for _, tt := range []struct {
		text string
		want int
	}{{text, 0}, {text + "\r\n", 0}, {text + "GET /reports HTTP/1.1\nHost: h\n\n", exitFailed}} {
		var out, errOut bytes.Buffer
		if code := run([]string{"map", "-"}, strings.NewReader(tt.text), &out, &errOut); code != tt.want {
			t.Errorf("exit code %d, want %d: %s", code, tt.want, errOut.String())
		}
	}
}

// TestMapWithoutSecrets: a configuration with sessions is read without its session
// keys, and its bundle is judged as if they were there.
func TestMapWithoutSecrets(t *testing.T) {
	for name, value := range map[string]string{
		"SALLYPORT_LISTEN": "127.0.0.1:9000", "SALLYPORT_ADMIN_LISTEN": "127.0.0.1:9901",
		"STORE_ENDPOINT": "http://127.0.0.1:7070", "STORE_ACCESS_KEY_ID": "id", "STORE_SECRET_ACCESS_KEY": "secret",
	} {
		t.Setenv(name, value)
	}
	for _, example := range []string{"kubernetes", "identity-broker"} {
		var out bytes.Buffer
		code := run([]string{"map", "--config", examples + "/" + example + "/sallyport.yaml", "-"}, strings.NewReader("GET /orders/1 HTTP/1.1\nHost: 127.0.0.1:9000\n\n"), &out, &out)
		if code != 0 || !strings.Contains(out.String(), "s3:GetObject") || !strings.Contains(out.String(), "111122223333") {
			t.Errorf("%s: exit code %d: %s", example, code, out.String())
		}
	}
}
