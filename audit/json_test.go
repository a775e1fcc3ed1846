package audit_test

import (
	"bytes"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
)

// line is the line of a record in the log.
func line(t *testing.T, r *audit.Record) string {
	t.Helper()
	var out bytes.Buffer
	l := audit.New(audit.Options{Output: &out, MaxRecords: 1})
	l.Write(r)
	closeLog(t, l)
	return out.String()
}

// compare fails unless a record is written as zap's encoder writes it.
func compare(t *testing.T, r *audit.Record) {
	t.Helper()
	want, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{}).EncodeEntry(zapcore.Entry{}, []zapcore.Field{zap.Inline(reference{r})})
	if err != nil {
		t.Fatal(err)
	}
	if got := line(t, r); got != want.String() {
		t.Errorf("written\n%s not\n%s", got, want)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 13, 0, 0, 123456789, time.FixedZone("", 3600))
	statement := &authz.Statement{Policy: "p", Sid: "s", Index: 3, File: "f", Line: 4}
	for _, r := range []*audit.Record{
		{},
		{Time: at, ID: "1", Service: "s3", Caller: &authz.Caller{}},
		{
			Time: at, ID: "1", Door: "d", Route: "r", Service: "s3", Method: "GET", Host: "h", Path: "/a\"b\\", Operation: "GetObject",
			Caller:         &authz.Caller{Type: authz.AssumedRole, ID: "AROA", ARN: "arn", Account: "111122223333"},
			Authentication: "POST", AccessKeyID: "AKIA", SourceIP: "::1", UserAgent: "u", Revision: "rev", Generation: 1<<64 - 1,
			Accesses: []audit.Access{
				{Action: "a", Resource: "b", Account: "c", Decision: authz.Decision{Effect: authz.ExplicitDeny, Layer: authz.LayerSCP, Statement: statement}, Observed: true},
				{Action: "a", Decision: authz.Decision{Needs: "s3:existingobjecttag/"}, Observed: true},
				{Decision: authz.Decision{Effect: authz.Allow, Statement: &authz.Statement{}}},
			},
			PayloadUnread: true, SourcePrincipal: "sp", SourceRequestID: "sr", Status: 403, ErrorCode: "AccessDenied", ErrorMessage: "m", Cause: "c",
			UpstreamRequestID: "up", Elapsed: 1234567 * time.Nanosecond,
		},
	} {
		compare(t, r)
	}
	for _, after := range []time.Duration{0, 999999, time.Millisecond, 45 * time.Millisecond, 900 * time.Millisecond, time.Second - 1} {
		compare(t, &audit.Record{Time: at.Truncate(time.Second).Add(after)})
	}
	for kind := range authz.Service + 1 {
		compare(t, &audit.Record{Caller: &authz.Caller{Type: kind}})
	}
	for c := range 256 {
		compare(t, &audit.Record{Path: "a" + string([]byte{byte(c)}) + "b", Method: string(rune(c)), Host: "\xe2\x82" + string([]byte{byte(c)})})
	}
}

// FuzzLine writes any text as zap's encoder does.
func FuzzLine(f *testing.F) {
	f.Add("/a\xff\u2028\x00", int64(1500), true)
	f.Fuzz(func(t *testing.T, text string, elapsed int64, more bool) {
		r := &audit.Record{Path: text, Cause: text, Elapsed: time.Duration(elapsed)}
		if more {
			r.Accesses = []audit.Access{{Resource: text}}
		}
		compare(t, r)
	})
}

var typeNames = map[authz.PrincipalType]string{
	authz.Anonymous: "Anonymous", authz.Root: "Root", authz.User: "IAMUser", authz.AssumedRole: "AssumedRole", authz.FederatedUser: "FederatedUser",
	authz.WebIdentity: "WebIdentityUser", authz.SAML: "SAMLUser", authz.Service: "AWSService",
}

// reference is a record for zap.
type reference struct{ *audit.Record }

// MarshalLogObject lays a record out as lines of JSON have it.
func (r reference) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("eventTime", r.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	if r.Service != "" {
		enc.AddString("eventSource", r.Service+".amazonaws.com")
	}
	addString(enc, "eventName", r.Operation)
	enc.AddString("requestID", r.ID)
	enc.AddString("sourceIPAddress", r.SourceIP)
	addString(enc, "userAgent", r.UserAgent)
	addString(enc, "errorCode", r.ErrorCode)
	addString(enc, "errorMessage", r.ErrorMessage)
	addString(enc, "cause", r.Cause)
	if r.Caller != nil {
		if err := enc.AddObject("userIdentity", identity{r.Record}); err != nil {
			return err
		}
	}
	addString(enc, "door", r.Door)
	addString(enc, "route", r.Route)
	enc.AddString("method", r.Method)
	enc.AddString("host", r.Host)
	enc.AddString("path", r.Path)
	addString(enc, "sourcePrincipal", r.SourcePrincipal)
	addString(enc, "sourceRequestID", r.SourceRequestID)
	if r.Status != 0 {
		enc.AddInt("status", r.Status)
	}
	if r.PayloadUnread {
		enc.AddBool("payloadVerified", false)
	}
	addString(enc, "upstreamRequestID", r.UpstreamRequestID)
	addString(enc, "revision", r.Revision)
	enc.AddUint64("generation", r.Generation)
	enc.AddFloat64("elapsedMs", float64(r.Elapsed.Microseconds())/1000)
	if len(r.Accesses) > 0 {
		return enc.AddArray("accesses", accesses(r.Accesses))
	}
	return nil
}

func addString(enc zapcore.ObjectEncoder, key, value string) {
	if value != "" {
		enc.AddString(key, value)
	}
}

type identity struct{ r *audit.Record }

func (i identity) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	c := i.r.Caller
	enc.AddString("type", typeNames[c.Type])
	addString(enc, "principalId", c.ID)
	addString(enc, "arn", c.ARN)
	addString(enc, "accountId", c.Account)
	addString(enc, "accessKeyId", i.r.AccessKeyID)
	addString(enc, "authentication", i.r.Authentication)
	return nil
}

type accesses []audit.Access

func (a accesses) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for i := range a {
		if err := enc.AppendObject(access{&a[i]}); err != nil {
			return err
		}
	}
	return nil
}

type access struct{ *audit.Access }

func (a access) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("action", a.Action)
	enc.AddString("resource", a.Resource)
	enc.AddString("accountId", a.Account)
	if a.Decision.Needs == "" {
		enc.AddString("decision", a.Decision.Effect.String())
		addString(enc, "layer", a.Decision.Layer.String())
	} else {
		enc.AddString("decision", "undecided")
		enc.AddString("unread", a.Decision.Needs)
	}
	if a.Observed {
		enc.AddBool("enforced", false)
	}
	if s := a.Decision.Statement; s != nil {
		return enc.AddObject("statement", statement{s})
	}
	return nil
}

type statement struct{ s *authz.Statement }

func (s statement) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	addString(enc, "policy", s.s.Policy)
	addString(enc, "sid", s.s.Sid)
	enc.AddInt("index", s.s.Index)
	addString(enc, "file", s.s.File)
	enc.AddInt("line", s.s.Line)
	return nil
}
