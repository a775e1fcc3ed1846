package standalone_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

// TestIdentitiesMixed has many callers share few connections, allowed and denied,
// with requests that break off in between. Each request bears a name of its own in
// all that is its own: the memory of one request is that of the next, and nothing
// of the one may be in what the store, the client or the record gets of the other.
//
// SALLYPORT_SOAK and SALLYPORT_SOAK_SEED are as for TestSoak.
func TestIdentitiesMixed(t *testing.T) {
	t.Parallel()
	rounds, seed := 80*number(t, "SALLYPORT_SOAK", 1), uint64(number(t, "SALLYPORT_SOAK_SEED", 1))
	snapshot := load(t, userBundle(), userKeys())
	var recorded bytes.Buffer // of the log's one goroutine, until it is closed
	log := audit.New(audit.Options{Output: &recorded, MaxRecords: 1 << 20, MaxBytes: 1 << 30})
	door := openDoor(t, func(w http.ResponseWriter, r *http.Request) { storeOfUsers(t, w, r) }, func(o *standalone.Options) {
		o.Enforcer.Snapshot = func() *bundle.Snapshot { return snapshot }
		o.Enforcer.Audit = log
	})
	const workers = 6
	var group sync.WaitGroup
	asked := make([]map[string]userAsk, workers)
	for worker := range workers {
		asked[worker] = map[string]userAsk{}
		group.Go(func() {
			m := &mixer{t: t, door: door, random: rand.New(rand.NewPCG(seed, uint64(worker))), signer: sigv4.NewSigner(), name: fmt.Sprint("w", worker), asked: asked[worker]}
			for range rounds {
				m.step()
			}
		})
	}
	group.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := errors.Join(door.Shutdown(ctx), log.Close(ctx)); err != nil {
		t.Fatal(err)
	}
	all := map[string]userAsk{}
	for _, some := range asked {
		maps.Copy(all, some)
	}
	checkRecords(t, &recorded, all)
}

const users = 12

func userSecret(user string) string { return "secret-of-" + user + "-which-is-long-enough" }

func userKey(user string) string { return fmt.Sprintf("AKIA%016s", strings.ToUpper(user)) }

// userBundle lets each user do what it likes below a prefix of its own.
func userBundle() map[string]string {
	var statements []string
	files := map[string]string{"bundle.yaml": publicBundle["bundle.yaml"]}
	for i := range users {
		user := fmt.Sprint("u", i)
		files["accounts/111122223333/users/"+user+".yaml"] = fmt.Sprintf("id: AIDA%016s\n", strings.ToUpper(user))
		statements = append(statements, fmt.Sprintf(`{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/%[1]s"},
			"Action": ["s3:GetObjectVersion", "s3:PutObject"], "Resource": "arn:aws:s3:::home/%[1]s/*"}`, user))
	}
	files["accounts/111122223333/resources/s3/home.json"] = `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",\n") + `]}`
	return files
}

func userKeys() string {
	var entries []string
	for i := range users {
		user := fmt.Sprint("u", i)
		entries = append(entries, fmt.Sprintf(`{access_key_id: %s, secret_access_key: %s, account: "111122223333", user: %s}`, userKey(user), userSecret(user), user))
	}
	return strings.Join(entries, ", ")
}

// userAsk is a request of a user, who is the owner of what it asks for if it is to
// be allowed.
type userAsk struct {
	method, user, owner, name string
	forged                    bool // by who has another secret
	body                      []byte
	message                   []byte
}

func (a *userAsk) path() string { return "/home/" + a.owner + "/" + a.name }

func (a *userAsk) allowed() bool { return a.user == a.owner && !a.forged }

// storeOfUsers answers with what belongs to the key, and sees that the request has
// nothing of another.
func storeOfUsers(t *testing.T, w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	owner, name := parts[2], parts[3]
	early := r.Method == "PUT" && strings.HasSuffix(name, "-1") // is answered before it is read
	var body []byte
	var err error
	if !early {
		body, err = io.ReadAll(r.Body)
	}
	whose, of := r.Header.Get("X-Amz-Meta-Owner"), r.Header.Get("X-Amz-Meta-Name")
	if r.Method == "PUT" && err == nil && !bytes.Equal(body, content(name, len(body))) || whose != owner || of != name || r.UserAgent() != "agent/"+name ||
		r.Method != "PUT" && r.URL.RawQuery != "versionId="+name || !strings.Contains(r.Header.Get("Authorization"), " Credential=AKIDEXAMPLE/") || len(r.Header) > 11+more(t, r.Header, name) {
		t.Errorf("the store gets %s %s with %v and %d bytes", r.Method, r.URL, r.Header, len(body))
	}
	w.Header().Set("X-Amz-Request-Id", "store-"+name)
	w.Header().Set("X-Amz-Meta-Owner", owner)
	addMore(w.Header().Set, name, []int{0, 20, 55, 90}[len(name+owner)%4])
	switch size := len(name) * len(name) * 20; {
	case early:
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == "PUT":
	case strings.HasSuffix(name, "-3"): // breaks off
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(content(name, size))
		panic(http.ErrAbortHandler)
	case strings.HasSuffix(name, "-5"): // in chunks
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(content(name, size))
	case strings.HasSuffix(name, "-7"):
		w.WriteHeader(http.StatusPreconditionFailed)
	case strings.HasSuffix(name, "-9"):
		w.WriteHeader(http.StatusBadGateway)
	default:
		_, _ = w.Write(content(name, size))
	}
}

// addMore adds fields of a message's own, so that their number differs from message
// to message: of few the array is kept, of many it is not.
func addMore(add func(field, value string), name string, count int) {
	add("x-amz-meta-more", strconv.Itoa(count))
	for i := range count {
		add("x-amz-meta-"+strconv.Itoa(i), name)
	}
}

// more is how many fields addMore has added, which must all be there.
func more(t *testing.T, header http.Header, name string) int {
	count, err := strconv.Atoi(header.Get("x-amz-meta-more"))
	for i := range count {
		if got := header.Values("x-amz-meta-" + strconv.Itoa(i)); len(got) != 1 || got[0] != name {
			t.Errorf("%s comes with field %d of %d as %q", name, i, count, got)
		}
	}
	if err != nil || header.Get("x-amz-meta-"+strconv.Itoa(count)) != "" {
		t.Errorf("%s comes with %v", name, header)
	}
	return count
}

// mixer is a client with one connection at a time, and the keys of all.
type mixer struct {
	t      *testing.T
	door   *standalone.Server
	random *rand.Rand
	signer *sigv4.Signer
	name   string
	count  int
	asked  map[string]userAsk
	conn   *client
}

func (m *mixer) ask() *userAsk {
	m.count++
	r := m.random
	a := &userAsk{
		method: []string{"GET", "GET", "GET", "HEAD", "PUT"}[r.IntN(5)], user: fmt.Sprint("u", r.IntN(users)),
		name: fmt.Sprintf("%s-%d-%d", m.name, m.count, r.IntN(10)), forged: r.IntN(8) == 0,
	}
	if a.owner = a.user; r.IntN(3) == 0 {
		a.owner = fmt.Sprint("u", r.IntN(users))
	}
	req := &wire.Request{
		Method: a.method, Host: "localhost", Scheme: "http", Path: a.path(),
		Fields: wire.Fields{{Name: "user-agent", Value: "agent/" + a.name}, {Name: "x-amz-meta-owner", Value: a.owner}, {Name: "x-amz-meta-name", Value: a.name}},
	}
	addMore(req.Fields.Add, a.name, []int{0, 0, 1, 20, 50, 60, 90}[r.IntN(7)])
	payload, sent := "UNSIGNED-PAYLOAD", []byte(nil)
	if req.HasQuery = a.method != "PUT"; req.HasQuery {
		req.RawQuery = "versionId=" + a.name
		req.Query, _ = wire.ParseQuery(req.RawQuery)
	} else {
		a.body = content(a.name, []int{0, 10, 3000, 90000}[r.IntN(4)])
		if sent = a.body; r.IntN(2) == 0 {
			payload, sent = "STREAMING-UNSIGNED-PAYLOAD-TRAILER", inChunks(a.body, 8<<10+r.IntN(50000))
			req.Fields.Add("x-amz-decoded-content-length", fmt.Sprint(len(a.body)))
		}
		req.Body, req.BodySize = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
	}
	key := userSecret(a.user)
	if a.forged {
		key = userSecret("nobody")
	}
	m.signer.Sign(req, sigv4.Credentials{AccessKeyID: userKey(a.user), SecretAccessKey: secret.New(key)}, "s3", "us-east-1", payload, time.Now())
	head, refusal := http1.AppendRequest(nil, req)
	if refusal != nil {
		m.t.Fatal(refusal)
	}
	a.message = append(head, sent...)
	m.asked[a.name] = *a
	return a
}

// inChunks is a body in chunks of a size, as clients of AWS send it.
func inChunks(body []byte, size int) (out []byte) {
	for chunk := range slices.Chunk(body, size) {
		out = append(append(fmt.Appendf(out, "%x\r\n", len(chunk)), chunk...), "\r\n"...)
	}
	return append(out, "0\r\n\r\n"...)
}

// step sends some requests at once and reads the answers, or leaves in the middle.
func (m *mixer) step() {
	if m.conn == nil {
		m.conn = dial(m.t, m.door)
	}
	asks := make([]*userAsk, 1+m.random.IntN(3))
	var all []byte
	for i := range asks {
		asks[i] = m.ask()
		all = append(all, asks[i].message...)
	}
	leaves := m.random.IntN(10) == 0
	if leaves {
		all = all[:m.random.IntN(len(all))]
	}
	sent, conn := make(chan struct{}), m.conn
	go func() {
		defer close(sent)
		_, _ = conn.Write(all)
	}()
	if leaves {
		m.leave()
		<-sent
		return
	}
	for _, a := range asks {
		if m.receive(a); m.conn == nil {
			break
		}
	}
	<-sent
}

func (m *mixer) leave() {
	_ = m.conn.Close()
	m.conn = nil
}

// receive reads the answer to a request and holds it against what was asked.
func (m *mixer) receive(a *userAsk) {
	resp, err := http.ReadResponse(m.conn.in, &http.Request{Method: a.method})
	if err != nil {
		if !strings.HasSuffix(a.name, "-3") { // the store broke off, and so does the door
			m.t.Errorf("%s %s: no answer: %v", a.method, a.path(), err)
		}
		m.leave()
		return
	}
	body, err := io.ReadAll(resp.Body)
	broken := a.allowed() && a.method != "PUT" && strings.HasSuffix(a.name, "-3")
	if a.allowed() && resp.StatusCode != http.StatusServiceUnavailable {
		more(m.t, resp.Header, a.name)
	}
	switch {
	case err != nil && !broken:
		m.t.Errorf("%s %s: half an answer: %v", a.method, a.path(), err)
	case broken && err == nil && resp.StatusCode != 503:
		m.t.Errorf("%s %s: the store broke off, and the answer is %d", a.method, a.path(), resp.StatusCode)
	case broken:
	case !a.allowed() && (resp.StatusCode != 403 || resp.Header.Get("X-Amz-Meta-Owner") != "" || a.method != "HEAD" && !strings.Contains(string(body), "<Resource>"+a.path()+"</Resource>")):
		m.t.Errorf("%s %s of %s (forged: %v) is answered %d, %v: %.300s", a.method, a.path(), a.user, a.forged, resp.StatusCode, resp.Header, body)
	case a.allowed() && (resp.Header.Get("X-Amz-Meta-Owner") != a.owner || resp.Header.Get("X-Amz-Request-Id") != "store-"+a.name ||
		resp.StatusCode == 200 && !bytes.Equal(body, content(a.name, len(body)))):
		m.t.Errorf("%s %s of %s is answered %d, %v, %d bytes", a.method, a.path(), a.user, resp.StatusCode, resp.Header, len(body))
	}
	if resp.Close || err != nil {
		m.leave()
	}
}

// checkRecords holds the records against what was asked.
func checkRecords(t *testing.T, records io.Reader, asked map[string]userAsk) {
	t.Helper()
	lines, known := bufio.NewScanner(records), 0
	for lines.Scan() {
		var r struct {
			Path, Method, UserAgent, UpstreamRequestID, ErrorCode string
			Status                                                int
			UserIdentity                                          struct{ ARN, AccessKeyID string }
			Accesses                                              []struct{ Resource, Decision string }
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		a, ok := asked[r.Path[strings.LastIndexByte(r.Path, '/')+1:]]
		if !ok {
			if r.Path != "" || r.ErrorCode == "" { // of half a request nothing is known
				t.Errorf("nobody asked this: %s", lines.Bytes())
			}
			continue
		}
		known++
		wrong := r.Path != a.path() || r.Method != a.method || r.UserAgent != "agent/"+a.name || r.UpstreamRequestID != "" && r.UpstreamRequestID != "store-"+a.name ||
			len(r.Accesses) > 1 || len(r.Accesses) == 1 && r.Accesses[0].Resource != "arn:aws:s3:::home/"+a.owner+"/"+a.name
		if a.forged {
			wrong = wrong || r.UserIdentity.ARN != "" || r.Status != 403 || r.UpstreamRequestID != ""
		} else {
			wrong = wrong || r.UserIdentity.ARN != "arn:aws:iam::111122223333:user/"+a.user || r.UserIdentity.AccessKeyID != userKey(a.user) ||
				len(r.Accesses) != 1 || (r.Accesses[0].Decision == "allow") != a.allowed() || !a.allowed() && (r.Status != 403 || r.UpstreamRequestID != "")
		}
		if wrong {
			t.Errorf("%s %s of %s (forged: %v) is recorded as %s", a.method, a.path(), a.user, a.forged, lines.Bytes())
		}
	}
	if known < len(asked)/2 {
		t.Errorf("of %d requests %d are recorded", len(asked), known)
	}
}
