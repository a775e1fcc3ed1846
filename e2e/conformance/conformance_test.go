//go:build unix

package conformance_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/conformance"
	"github.com/sallyport-iam/sallyport/e2e/process"
)

// part are tests of the suite that are run with all other tests: some of each
// kind, and some that differ. Those about versions need all of it.
var part = []string{
	"Authentication_signature_error_incorrect_secret_key", "Authentication_incorrect_payload_hash", "Authentication_invalid_date_header",
	"PresignedAuth_PutObject_success", "PresignedAuth_UploadPart", "PresignedAuth_expired_request",
	"CreateBucket_default_acl", "ListBuckets_success", "GetBucketLocation_success",
	"PutObject_success", "PutObject_checksums_success", "PutObject_special_chars", "PutObject_with_metadata",
	"HeadObject_success", "GetObject_success", "GetObject_with_range", "GetObjectAttributes_existing_object",
	"ListObjectsV2_both_delimiter_and_prefix", "ListObjects_delimiter", "DeleteObjects_success", "DeleteObjects_empty_input",
	"CopyObject_success", "PutObjectTagging_success", "PutObject_tagging", "UploadPartCopy_success", "CompleteMultipartUpload_success",
	"PutBucketPolicy_success", "PutBucketCors_success", "PutObjectRetention_success", "PutObjectLegalHold_non_existing_object",
	"UnsignedStreamingPayloadTrailer_incomplete_body", "SignedStreamingPayload_invalid_encoding", "SignedStreamingPayloadTrailer_success",
	"AbortMultipartUpload_incorrect_uploadId",
}

// TestPart runs a part of the suite both ways, and judges it as make conformance
// judges all of it.
func TestPart(t *testing.T) {
	t.Parallel()
	reasons, err := conformance.Reasons()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	programs, err := conformance.Build(ctx, process.NewProgress(os.Stderr))
	if err != nil {
		t.Fatal(err)
	}
	compared, err := programs.Both(ctx, false, nil, func(s *conformance.Suite) (conformance.Verdicts, error) {
		all := conformance.Verdicts{}
		for _, name := range part {
			v, err := s.Run(ctx, name)
			if err != nil {
				return nil, err
			}
			if err := s.Clear(); err != nil {
				return nil, err
			}
			maps.Copy(all, v)
		}
		return all, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(compared.Passed) != len(part) {
		t.Errorf("%d of %d tests pass without Sallyport: %v", len(compared.Passed), len(part), compared.Failing)
	}
	if len(compared.Differ) == 0 || len(compared.Differ) > len(part)/3 {
		t.Errorf("%d of %d tests differ", len(compared.Differ), len(part))
	}
	for _, wrong := range conformance.Judge(reasons, []*conformance.Compared{compared}) {
		t.Error(wrong)
	}
}

// TestPage compares docs/conformance.md with the reasons.
func TestPage(t *testing.T) {
	t.Parallel()
	reasons, err := conformance.Reasons()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(page), "\n"+conformance.WriteReasons(reasons)) {
		t.Error("docs/conformance.md is not of differences.txt: run make conformance WRITE=1")
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	reasons := []conformance.Reason{{Title: "t", Text: "x", Shows: map[string]string{"listed": "instead got 403", "gone": "501", "not run": "1"}}}
	run := func(differ map[string]string) *conformance.Compared {
		return &conformance.Compared{Passed: []string{"fine", "gone", "listed", "other"}, Differ: differ}
	}
	tests := []struct {
		name string
		runs []*conformance.Compared
		want []string
	}{
		{"as listed", []*conformance.Compared{run(map[string]string{"listed": "wanted 200, instead got 403", "gone": "501"})}, nil},
		{"in one run alone", []*conformance.Compared{run(map[string]string{"gone": "501"}), run(map[string]string{"listed": "instead got 403"})}, nil},
		{"another failure", []*conformance.Compared{run(map[string]string{"listed": "instead got 500", "gone": "501"})}, []string{`listed is to show "instead got 403", and fails otherwise: instead got 500`}},
		{"without a reason", []*conformance.Compared{run(map[string]string{"other": "x", "listed": "instead got 403", "gone": "501"})}, []string{"other passes directly, fails through Sallyport, and has no reason: x"}},
		{"no difference", []*conformance.Compared{run(map[string]string{"listed": "instead got 403"})}, []string{"gone has a reason and passes through Sallyport: remove it from differences.txt"}},
	}
	for _, tt := range tests {
		if got := conformance.Judge(reasons, tt.runs); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	c, err := conformance.Compare(
		conformance.Verdicts{"both": "", "differs": "", "fails": "a", "fails alone": "b"},
		conformance.Verdicts{"both": "", "differs": "c", "fails": "a", "fails alone": ""})
	if err != nil || !slices.Equal(c.Passed, []string{"both", "differs"}) ||
		!maps.Equal(c.Differ, map[string]string{"differs": "c"}) || !maps.Equal(c.Failing, map[string]string{"fails": "a", "fails alone": "b"}) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := conformance.Compare(conformance.Verdicts{"one": ""}, conformance.Verdicts{"two": ""}); err == nil {
		t.Error("other tests are compared")
	}
}
