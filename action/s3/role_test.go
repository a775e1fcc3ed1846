package s3_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRolesInBodies(t *testing.T) {
	t.Parallel()
	replication := func(inner string) string {
		return "<ReplicationConfiguration>" + inner + "</ReplicationConfiguration>"
	}
	const role = "arn:aws:iam::444455556666:role/path/copier"
	tests := []struct {
		target, body string
		want         string // the further access, or a code
	}{
		{"/reports?replication", replication("<Role>" + role + "</Role><Rule><ID>1</ID><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule><Rule/>"), "iam:PassRole@" + role},
		{"/reports?replication", replication("<Rule/><Role>" + role + "</Role>"), "iam:PassRole@" + role},
		{"/reports?replication", replication("<Rule/>"), ""},
		{"/reports?replication", replication("<Role>" + role + "</Role><Role>" + role + "</Role>"), "MalformedXML"},
		{"/reports?replication", replication("<Role>" + role + "</Role><Other/>"), "MalformedXML"},
		{"/reports?replication", replication("<role>" + role + "</role>"), "MalformedXML"},
		{"/reports?replication", replication("<Role> " + role + "</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role></Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:aws:iam::444455556666:role/*</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:aws:iam::444455556666:role/</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:aws:iam::444455556666:role/a:s3:::reports</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:a/b:iam::444455556666:role/copier</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:aws:iam::4444:role/copier</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:aws:x:iam::444455556666:role/copier</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:aws:iam::444455556666:user/copier</Role>"), "InvalidArgument"},
		{"/reports?replication", replication("<Role>arn:minio:replication::444455556666:b</Role>"), "InvalidArgument"},
		{"/reports?replication", "<AnnotationTableConfiguration/>", "MalformedXML"},
		{"/reports?replication", "", "MissingRequestBodyError"},
		{"/reports?metadataAnnotationTable", "<AnnotationTableConfiguration><ConfigurationState>ENABLED</ConfigurationState><EncryptionConfiguration><SseAlgorithm>AES256</SseAlgorithm></EncryptionConfiguration><Role>" + role + "</Role></AnnotationTableConfiguration>", "iam:PassRole@" + role},
		{"/reports?metadataAnnotationTable", "<AnnotationTableConfiguration><ConfigurationState>DISABLED</ConfigurationState></AnnotationTableConfiguration>", ""},
	}
	for _, tt := range tests {
		req := request(t, "PUT", tt.target)
		op, refusal := mapper.Recognise(req, place())
		if refusal != nil {
			t.Fatal(refusal)
		}
		mapped, refusal := mapper.Map(req, &op, place(), []byte(tt.body))
		got := ""
		switch {
		case refusal != nil:
			got = refusal.Code
		case len(mapped.Accesses) > 1:
			pass := &mapped.Accesses[1]
			got = printed(mapped.Accesses)[1]
			keys := []string{pass.Account, keyOf(pass, "iam:passedtoservice"), keyOf(pass, "aws:resourceaccount"), keyOf(pass, "s3:resourceaccount")}
			if diff := cmp.Diff([]string{"444455556666", "s3.amazonaws.com", "444455556666", "-"}, keys); diff != "" {
				t.Errorf("%s: keys of the role (-want +got):\n%s", tt.body, diff)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.body, got, tt.want)
		}
	}
}
