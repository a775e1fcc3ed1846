package extauthz_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/authz"
)

// mixed is a kind of question: who asks for what, and what becomes of it. %s stands
// for what no other question has.
type mixed struct {
	user, method, target, body string
	status                     int32 // 200 where it is allowed
	change                     func(*authv3.CheckRequest)
	gone                       bool // the client, before it is decided
}

var mixedQuestions = []mixed{
	{user: "alice", method: "GET", target: "/reports/%s", status: 200},
	{user: "alice", method: "PUT", target: "/reports/%s?tagging", body: "<Tagging><TagSet><Tag><Key>k</Key><Value>%s</Value></Tag></TagSet></Tagging>", status: 200},
	{user: "alice", method: "GET", target: "/reports/%s?versionId=v%s", status: 200},
	{user: "alice", method: "GET", target: "/reports/secret/%s", status: 403},
	{user: "bob", method: "GET", target: "/reports/public/%s", status: 200},
	{user: "bob", method: "GET", target: "/reports/%s", status: 403},
	{user: "", method: "GET", target: "/reports/open/%s", status: 200},
	{user: "", method: "GET", target: "/reports/%s", status: 403},
	{user: "alice", method: "GET", target: "/reports/panic/%s", status: 503},
	{user: "bob", method: "GET", target: "/reports/public/%s", status: 503, gone: true},
	{user: "alice", method: "GET", target: "/reports/%s", status: 403, change: func(in *authv3.CheckRequest) {
		set(in, "x-amz-date", "20260301T120001Z") // not as it was signed
	}},
	{user: "bob", method: "GET", target: "/reports/public/%s", status: 400, change: func(in *authv3.CheckRequest) {
		for range 200 { // more than a check keeps room for, and two that disagree
			add(in, "x-many", strings.Repeat("m", 20))
		}
		add(in, ":path", "/reports/public/another")
	}},
	{user: "alice", method: "GET", target: "/reports/%s", status: 200, change: func(in *authv3.CheckRequest) {
		add(in, "x-long", strings.Repeat("l", 2<<10)) // of more than one of gRPC's small buffers
	}},
}

// TestQuestionsDoNotMix asks many questions of many identities, allowed, denied and
// broken, at once over few connections, so that they are answered in the memory of
// others: each answer and each record must be of the question's own. Built with the
// tag poison, whatever still refers to memory that was given back reads what nobody
// sends.
func TestQuestionsDoNotMix(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) {
		s.enforcer.Decide = func(_ uint64, c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
			if strings.Contains(a.Resource, "/panic/") {
				panic("deciding " + a.Resource)
			}
			return authz.Decide(c, r, a)
		}
	})
	second, err := grpc.NewClient(target(w.extauthz.Addr()), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	clients := []authv3.AuthorizationClient{w.client, authv3.NewAuthorizationClient(second)}
	const workers, each = 8, 120
	type asked struct {
		mixed
		in              *authv3.CheckRequest
		own, path       string
		agent, decision string
	}
	all := make(map[string]*asked, workers*each)
	var working sync.WaitGroup
	for n := range workers {
		mine := make([]*asked, each)
		random := rand.New(rand.NewPCG(11, uint64(n)))
		for i := range mine {
			m := mixedQuestions[random.IntN(len(mixedQuestions))]
			own := fmt.Sprintf("own-%d-%d.", n, i)
			fill := func(s string) string { return strings.ReplaceAll(s, "%s", own) }
			message := sent(t, m.user, m.method, "localhost", fill(m.target), fill(m.body), "")
			q := &asked{mixed: m, in: message.question(true), own: own, path: message.wire(t).Path, agent: "agent of " + own}
			set(q.in, "user-agent", q.agent)
			if m.change != nil {
				m.change(q.in)
			}
			mine[i], all[own] = q, q
		}
		working.Go(func() {
			for _, q := range mine {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				var out *authv3.CheckResponse
				var err error
				if q.gone {
					cancel()
					out, err = w.extauthz.Check(ctx, q.in)
				} else {
					out, err = clients[n%len(clients)].Check(ctx, q.in)
				}
				cancel()
				if err != nil {
					t.Errorf("%s: %v", q.own, err)
					continue
				}
				q.decision = out.GetDynamicMetadata().GetFields()["decision_id"].GetStringValue()
				if problem := misanswered(q.mixed, q.own, out); problem != "" {
					t.Errorf("%s: %s", q.own, problem)
				}
			}
		})
	}
	working.Wait()
	records := strings.Split(strings.TrimSpace(w.recorded()), "\n")
	if len(records) != len(all) {
		t.Errorf("%d records of %d questions", len(records), len(all))
	}
	for _, line := range records {
		var got struct {
			RequestID, Path, UserAgent string
			UserIdentity               struct{ ARN string }
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err, line)
		}
		own, _, _ := strings.Cut(got.UserAgent+" ", ".")
		_, own, _ = strings.Cut(own, "agent of ")
		q := all[own+"."]
		switch {
		case strings.Contains(line, "poisoned"):
			t.Errorf("a record has what was given back: %s", line)
		case q == nil && strings.Contains(line, "differs from its attribute"): // a question that is no request
		case q == nil:
			t.Errorf("a record of nobody: %s", line)
		case got.RequestID != q.decision, got.Path != q.path, strings.Count(line, "own-") != strings.Count(line, q.own):
			t.Errorf("%s, %s: the record %s", q.own, q.decision, line)
		case got.UserIdentity.ARN != "" && got.UserIdentity.ARN != identity(q.user):
			t.Errorf("%s of %q: the record %s", q.own, q.user, line)
		}
	}
}

// identity is what answers and records call a user.
func identity(user string) string {
	if user == "" {
		return "anonymous"
	}
	return "arn:aws:iam::111122223333:user/" + user
}

// misanswered tells what an answer has that is not of its question, "" if nothing.
func misanswered(q mixed, own string, out *authv3.CheckResponse) string {
	text, err := proto.Marshal(out)
	if err != nil {
		return err.Error()
	}
	fields := out.GetDynamicMetadata().GetFields()
	decision, principal := fields["decision_id"].GetStringValue(), fields["principal"].GetStringValue()
	status := int32(200)
	if denied := out.GetDeniedResponse(); denied != nil {
		status = int32(denied.GetStatus().GetCode())
	}
	others := strings.Count(string(text), "own-") - strings.Count(string(text), own)
	body := out.GetDeniedResponse().GetBody()
	switch {
	case status != q.status, others != 0, strings.Contains(string(text), "poisoned"), len(decision) != 16:
	case principal != "" && principal != identity(q.user), q.status == 200 && principal == "":
	case q.status == 403 && !strings.Contains(body, "<RequestId>"+decision+"</RequestId>"):
	case strings.Contains(body, "<Message>User: ") && !strings.Contains(body, "<Message>User: "+identity(q.user)+" is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::reports/"):
	case q.status == 200 && !told(out, "x-sallyport-principal", identity(q.user)), q.status == 200 && !told(out, "x-sallyport-request-id", decision):
	default:
		return ""
	}
	return fmt.Sprintf("of %q, want %d: answered %v", q.user, q.status, out)
}

// told tells whether an answer sets a header in the request to a value.
func told(out *authv3.CheckResponse, name, value string) bool {
	for _, h := range out.GetOkResponse().GetHeaders() {
		if h.GetHeader().GetKey() == name {
			return h.GetHeader().GetValue() == value
		}
	}
	return false
}
