//go:build unix

package e2e_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// code is the service's error code; "" for no error, or one that no service
// answered.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// httpStatus is the status an error was answered with; 0 if none was.
func httpStatus(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// wantDenied checks that err is AWS's denial, with the sentence of no policy.
func wantDenied(t testing.TB, err error, action string) {
	t.Helper()
	if code(err) != "AccessDenied" || httpStatus(err) != http.StatusForbidden {
		t.Fatalf("got %v, want AccessDenied for %s", err, action)
	}
	if want := "because no identity-based policy allows the " + action + " action"; !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want the sentence to end %q", err, want)
	}
}
