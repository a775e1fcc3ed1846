package s3_test

import (
	"strings"
	"testing"
)

func TestListBuckets(t *testing.T) {
	t.Parallel()
	const answer = `<?xml version="1.0" encoding="UTF-8"?>
<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>store</ID></Owner><Buckets>` +
		`<Bucket><Name>reports</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket>` +
		`<Bucket><CreationDate>2026-01-01T00:00:00Z</CreationDate><Name>archive</Name></Bucket>` + "\n" +
		`<Bucket><Name>nobody</Name></Bucket><Bucket><Name>reports-2</Name></Bucket></Buckets><Prefix/></ListAllMyBucketsResult>`
	only := func(names ...string) string {
		out := answer
		for _, b := range []string{
			`<Bucket><Name>reports</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket>`,
			`<Bucket><CreationDate>2026-01-01T00:00:00Z</CreationDate><Name>archive</Name></Bucket>`,
			`<Bucket><Name>nobody</Name></Bucket>`, `<Bucket><Name>reports-2</Name></Bucket>`,
		} {
			keep := false
			for _, n := range names {
				keep = keep || strings.Contains(b, "<Name>"+n+"</Name>")
			}
			if !keep {
				out = strings.ReplaceAll(out, b, "")
			}
		}
		return out
	}
	tests := []struct{ caller, account, want string }{
		{storage, "", only("reports", "reports-2")},
		{history, "", only("archive")},
		{"", "", only()},
		{storage, history, only()},
		{history, history, only("archive")},
	}
	for _, tt := range tests {
		at := place()
		at.Caller, at.Account = tt.caller, tt.account
		_, mapped, refusal := mapWith(mapper, request(t, "GET", "/"), at, "")
		if refusal != nil {
			t.Fatal(refusal)
		}
		a := mapped.Accesses[0]
		if a.Action != "s3:ListAllMyBuckets" || a.Resource != "arn:aws:s3:::*" || a.Account != tt.caller || mapped.Response == nil {
			t.Errorf("%+v", mapped)
		}
		out, err := mapped.Response([]byte(answer))
		if err != nil || string(out) != tt.want {
			t.Errorf("caller %s: %v\n%s\nwant\n%s", tt.caller, err, out, tt.want)
		}
	}
	_, mapped, _ := mapWith(mapper, request(t, "GET", "/"), place(), "")
	for _, answer := range []string{
		"", "no XML", "<Error/>", "<ListAllMyBucketsResult><Buckets><Bucket/></Buckets></ListAllMyBucketsResult>",
		"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>",
		"<ListAllMyBucketsResult><Buckets><Other><Name>archive</Name></Other></Buckets></ListAllMyBucketsResult>",
		"<ListAllMyBucketsResult><Buckets>",
	} {
		if out, err := mapped.Response([]byte(answer)); err == nil {
			t.Errorf("%q passes as %q", answer, out)
		}
	}
}

func TestCompleteMultipartUploadResponse(t *testing.T) {
	t.Parallel()
	_, mapped, refusal := mapWith(mapper, request(t, "POST", "/reports/a%20b&c?uploadId=u"), place(), "")
	if refusal != nil || mapped.Response == nil {
		t.Fatalf("%v", refusal)
	}
	tests := []struct{ answer, want string }{
		{
			"  \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Location>http://10.0.0.7:7070/reports/a%20b</Location><Bucket>reports</Bucket></CompleteMultipartUploadResult>",
			"  \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Location>https://s3.example.com/reports/a%20b&amp;c</Location><Bucket>reports</Bucket></CompleteMultipartUploadResult>",
		},
		{"<CompleteMultipartUploadResult><Location/></CompleteMultipartUploadResult>", "<CompleteMultipartUploadResult><Location>https://s3.example.com/reports/a%20b&amp;c</Location></CompleteMultipartUploadResult>"},
		{"<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>", "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>"},
		{"<Error><Code>InternalError</Code></Error>", "<Error><Code>InternalError</Code></Error>"},
		{"", "!"}, {"<Other/>", "!"}, {"<CompleteMultipartUploadResult>", "!"}, {"text", "!"},
	}
	for _, tt := range tests {
		out, err := mapped.Response([]byte(tt.answer))
		if tt.want == "!" {
			if err == nil {
				t.Errorf("%q passes as %q", tt.answer, out)
			}
			continue
		}
		if err != nil || string(out) != tt.want {
			t.Errorf("%q: %v, %q", tt.answer, err, out)
		}
	}
}
