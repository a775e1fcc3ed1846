package proxy_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/proxy"
)

func TestIdentifies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"x-sallyport-principal": true, "x-sallyport-anything": true, "x-sallyport-": true,
		"x_sallyport_principal": true, "x.sallyport.account": true, "x-sallyport_account": true,
		"x-sallyport": false, "x-sallyports-own": false, "x-sallyporu-principal": false, "": false, "sallyport-principal": false,
		"x-amz-meta-x-sallyport-principal": false,
	} {
		if got := proxy.Identifies(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}
