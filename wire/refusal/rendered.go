package refusal

import (
	"sync"

	"github.com/sallyport-iam/sallyport/wire"
)

// rendered is an answer whose memory serves another one once it is freed.
type rendered struct {
	wire.Response
	free func() // giveBack
}

var renderings sync.Pool

func newRendered() *rendered {
	a, ok := renderings.Get().(*rendered)
	if !ok {
		a = new(rendered)
		a.free = a.giveBack
	}
	return a
}

func (a *rendered) giveBack() {
	a.Response = wire.Response{Fields: a.Fields.Emptied()}
	renderings.Put(a)
}
