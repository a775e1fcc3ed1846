// Command serviceaccount stands for a Kubernetes cluster: it makes a key, writes the key
// set that a cluster publishes, and a token of a service account that the key signed.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/sallyport-iam/sallyport/e2e/issuer"
)

func main() {
	url := flag.String("issuer", "https://kubernetes.default.svc.cluster.local", "the cluster's issuer")
	namespace := flag.String("namespace", "default", "namespace of the service account")
	name := flag.String("name", "default", "name of the service account")
	audience := flag.String("audience", "sts.amazonaws.com", "whom the token is for")
	jwks := flag.String("jwks", "cluster.jwks.json", "file for the key set")
	token := flag.String("token", "token", "file for the token")
	flag.Parse()
	if err := run(*jwks, *token, issuer.ServiceAccount(*url, *namespace, *name, *audience)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(jwks, token string, claims issuer.Claims) error {
	key, err := issuer.NewKey("RS256")
	if err != nil {
		return err
	}
	if err := os.WriteFile(jwks, issuer.KeySet(key), 0o644); err != nil {
		return err
	}
	return os.WriteFile(token, []byte(key.Token(claims)), 0o600)
}
