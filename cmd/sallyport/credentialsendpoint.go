package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// credentialsEndpoint answers as the credentials endpoint of a container does. It
// is safe for concurrent use.
type credentialsEndpoint struct {
	path    string
	roleARN string
	keeper  *keeper
	// authorize tells which token the credentials are got with, or why none are.
	authorize func(authorization string) (token string, problem *endpointProblem)
}

// endpointProblem is an error as SDKs read it.
type endpointProblem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

// deliveredCredentials is the answer that SDKs read; secrets are in clear.
type deliveredCredentials struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      time.Time
	RoleARN         string `json:"RoleArn,omitempty"`
}

// longestAuthorization is how long an Authorization field may be; a web identity
// token is the longest.
const longestAuthorization = longestToken

// ServeHTTP answers one request.
func (e *credentialsEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	got, problem := e.answer(r)
	if problem != nil {
		if problem.status == http.StatusMethodNotAllowed {
			header.Set("Allow", http.MethodGet)
		}
		w.WriteHeader(problem.status)
		_ = json.NewEncoder(w).Encode(problem) // nobody is left to tell
		return
	}
	_ = json.NewEncoder(w).Encode(deliveredCredentials{
		AccessKeyID: got.accessKeyID, SecretAccessKey: got.secretAccessKey.Reveal(), Token: got.sessionToken.Reveal(),
		Expiration: got.expires.UTC(), RoleARN: e.roleARN,
	})
}

func (e *credentialsEndpoint) answer(r *http.Request) (*temporary, *endpointProblem) {
	authorization := r.Header.Values("Authorization")
	switch {
	case !isLoopback(r.Host):
		// A name that an attacker's DNS server lets point here is not ours.
		return nil, &endpointProblem{http.StatusForbidden, "InvalidHost", "ask for localhost, 127.0.0.1 or [::1]"}
	case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
		return nil, &endpointProblem{http.StatusForbidden, "AccessDenied", "credentials are not for browsers"}
	case r.Method != http.MethodGet:
		return nil, &endpointProblem{http.StatusMethodNotAllowed, "MethodNotAllowed", "ask with GET"}
	case r.URL.EscapedPath() != e.path || r.URL.RawQuery != "":
		return nil, &endpointProblem{http.StatusNotFound, "NotFound", "there is nothing here"}
	case len(authorization) > 1 || len(authorization) == 1 && len(authorization[0]) > longestAuthorization:
		return nil, &endpointProblem{http.StatusUnauthorized, "AccessDenied", "one Authorization field is needed, of a token's length"}
	}
	token, problem := e.authorize(r.Header.Get("Authorization"))
	if problem != nil {
		return nil, problem
	}
	got, err := e.keeper.Get(r.Context(), token)
	if err == nil {
		return got, nil
	}
	refused := refusedWith(err)
	switch {
	case errors.Is(err, errBusy):
		return nil, &endpointProblem{http.StatusServiceUnavailable, "Busy", err.Error()}
	case refused != nil && isFinal(err):
		return nil, &endpointProblem{http.StatusBadRequest, refused.ErrorCode(), refused.ErrorMessage()}
	case refused != nil:
		return nil, &endpointProblem{http.StatusServiceUnavailable, refused.ErrorCode(), refused.ErrorMessage()}
	}
	// What else went wrong is for the log: it may tell of this host's files.
	return nil, &endpointProblem{http.StatusServiceUnavailable, "ServiceUnavailable", "the credentials could not be got; the log says why"}
}

// isLoopback tells whether a Host field, or an address, names this host by an
// address or name that nobody else can give away.
func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if name == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}

// Ways to tell who may have credentials.

// byWebIdentity takes the Authorization field for the token that is exchanged, as
// EKS Pod Identity does.
func byWebIdentity(authorization string) (string, *endpointProblem) {
	if len(authorization) < 4 {
		return "", &endpointProblem{http.StatusUnauthorized, "AccessDenied", "the Authorization field must hold the web identity token"}
	}
	return authorization, nil
}

// byNothing lets everybody in who reaches the listener.
func byNothing(string) (string, *endpointProblem) { return "", nil }

// byTokenFile compares the Authorization field with a file, which is read at each
// request: it may be replaced.
func byTokenFile(path string, unreadable func(error)) func(string) (string, *endpointProblem) {
	return func(authorization string) (string, *endpointProblem) {
		want, err := readAuthorization(path)
		if err != nil {
			unreadable(err)
			return "", &endpointProblem{http.StatusServiceUnavailable, "ServiceUnavailable", "the authorization token could not be read; the log says why"}
		}
		a, b := sha256.Sum256([]byte(authorization)), sha256.Sum256([]byte(want))
		if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
			return "", &endpointProblem{http.StatusUnauthorized, "AccessDenied", "the Authorization field does not hold the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
		}
		return "", nil
	}
}
