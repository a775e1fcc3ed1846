package sigv4_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// explains fails unless Explain agrees with what Verify said.
func explains(t testing.TB, v *sigv4.Verifier, req *wire.Request, p sigv4.Params, refusal *wire.Refusal) {
	t.Helper()
	e := v.Explain(req, p)
	if (e.Verified == nil) == (refusal == nil) || (len(e.Faults) == 0) != (refusal == nil) {
		t.Fatalf("Verify says %v, and Explain %v, %v", refusal, e.Verified, e.Faults)
	}
	if refusal != nil {
		if diff := cmp.Diff(refusal, e.Faults[0]); diff != "" {
			t.Errorf("the first fault is not what Verify says: %s", diff)
		}
	} else if e.Matched < 0 || e.Matched >= len(e.Spellings) {
		t.Errorf("verified, and the spelling matched is %d of %d", e.Matched, len(e.Spellings))
	}
	// Without a key, what a key is not needed for.
	p.Keys = nil
	without := v.Explain(req, p)
	if without.Verified != nil || without.Matched != -1 || len(without.Faults) > len(e.Faults) {
		t.Errorf("without a key: %+v; with one: %v", without, e.Faults)
	}
	if diff := cmp.Diff(e.Spellings, without.Spellings); diff != "" {
		t.Errorf("the key changes what is signed: %s", diff)
	}
}

// TestExplainFaults: everything that is wrong is told, in the order in which
// Verify would.
func TestExplainFaults(t *testing.T) {
	t.Parallel()
	const wrong = "SignatureDoesNotMatch"
	regionAndService := func(r *wire.Request) {
		r.Fields.Set("authorization", strings.Replace(r.Fields.Get("authorization"), "us-east-1/s3", "eu-west-1/sts", 1))
	}
	tests := []struct {
		name   string
		vector int
		edits  []edit
		later  time.Duration
		keys   sigv4.Keys
		want   []string // codes
		shown  bool     // a canonical request
	}{
		{"nothing", 0, nil, 0, exampleKeys, nil, true},
		{"nothing without a key", 0, nil, 0, nil, nil, true},
		{"time", 0, nil, time.Hour, exampleKeys, []string{"RequestTimeTooSkewed"}, true},
		{"time without a key", 0, nil, time.Hour, nil, []string{"RequestTimeTooSkewed"}, true},
		{"time of a presigned request", 4, nil, 25 * time.Hour, exampleKeys, []string{"AccessDenied"}, true},
		{"a presigned request of the future", 4, nil, -time.Hour, exampleKeys, []string{"AccessDenied"}, true},
		{"all at once", 0, []edit{regionAndService, add("x-amz-acl", "private")}, time.Hour, exampleKeys,
			[]string{"RequestTimeTooSkewed", "AuthorizationHeaderMalformed", "AuthorizationHeaderMalformed", "AccessDenied", wrong}, true},
		{"unsigned", 0, []edit{add("x-amz-acl", "private")}, 0, exampleKeys, []string{"AccessDenied"}, true},
		{"unknown key", 0, []edit{credential("AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request")}, 0, exampleKeys, []string{"InvalidAccessKeyId"}, true},
		{"unknown key without one", 0, []edit{credential("AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request")}, 0, nil, nil, true},
		{"another day in the scope", 0, []edit{credential(exampleID + "/20130523/us-east-1/s3/aws4_request")}, 0, exampleKeys, []string{"AuthorizationHeaderMalformed", wrong}, true},
		{"signed and not there", 0, []edit{del("range")}, 0, nil, []string{wrong}, true},
		{"not 64 digits", 0, []edit{set("authorization", authorization("host;range;x-amz-content-sha256;x-amz-date", "00"))}, 0, nil, []string{wrong}, true},
		{"a list that is none", 0, []edit{headers("host;Range")}, 0, exampleKeys, []string{"AuthorizationHeaderMalformed"}, false},
		{"no hash", 0, []edit{del("x-amz-content-sha256")}, time.Hour, exampleKeys, []string{"InvalidRequest"}, false},
		{"no credentials", 0, []edit{del("authorization")}, time.Hour, exampleKeys, []string{"AccessDenied"}, false},
		{"version 2", 0, []edit{set("authorization", "AWS a:b")}, time.Hour, exampleKeys, []string{"InvalidRequest"}, false},
	}
	for _, tt := range tests {
		req := vectors()[tt.vector].request(t)
		for _, change := range tt.edits {
			change(req)
		}
		p := s3Params(exampleNow.Add(tt.later))
		p.Keys = tt.keys
		e := sigv4.NewVerifier(sigv4.Options{}).Explain(req, p)
		var codes []string
		for _, fault := range e.Faults {
			codes = append(codes, fault.Code)
		}
		if !slices.Equal(codes, tt.want) || (len(e.Spellings) > 0) != tt.shown {
			t.Errorf("%s: %v, %d spellings; want %v, shown %v", tt.name, e.Faults, len(e.Spellings), tt.want, tt.shown)
		}
	}
}

func TestExplanation(t *testing.T) {
	t.Parallel()
	req := vectors()[0].request(t)
	e := sigv4.NewVerifier(sigv4.Options{}).Explain(req, s3Params(exampleNow))
	if e.Scheme != sigv4.Header || e.AccessKeyID != exampleID || e.Timestamp != exampleTime || e.Region != "us-east-1" || e.Service != "s3" ||
		e.SignedHeaders != "host;range;x-amz-content-sha256;x-amz-date" || e.Payload != emptyHash || e.Verified.AccessKeyID != exampleID {
		t.Errorf("%+v", e)
	}
	if hash := hashOf(e.Spellings[0].CanonicalRequest); hash != vectors()[0].canonicalHash || !strings.HasSuffix(e.Spellings[0].StringToSign, "\n"+hash) {
		t.Errorf("%+v", e.Spellings[0])
	}
	// Path and host have two spellings each.
	req.Path, req.Port = "/%7e", 9000
	req.Fields.Del("range")
	e = sigv4.NewVerifier(sigv4.Options{}).Explain(req, s3Params(exampleNow))
	var got []string
	for _, s := range e.Spellings {
		lines := strings.Split(s.CanonicalRequest, "\n")
		got = append(got, lines[1]+" "+strings.TrimPrefix(lines[3], "host:"))
	}
	want := []string{"/%7e " + exampleHost, "/~ " + exampleHost, "/%7e " + exampleHost + ":9000", "/~ " + exampleHost + ":9000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"range"}, e.NotArrived); diff != "" {
		t.Error(diff)
	}
}
