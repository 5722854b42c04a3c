// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type loadClient struct {
	client.ServiceClient `retry:"true" circuit-breaker:"true"`

	Get func(ctx context.Context, id string) (string, error) `get:"/{id}"`
}

// A client is named for its type, so there has to be one for each.
type (
	loadClient00 loadClient
	loadClient01 loadClient
	loadClient02 loadClient
	loadClient03 loadClient
	loadClient04 loadClient
	loadClient05 loadClient
	loadClient06 loadClient
	loadClient07 loadClient
	loadClient08 loadClient
	loadClient09 loadClient
	loadClient10 loadClient
	loadClient11 loadClient
	loadClient12 loadClient
	loadClient13 loadClient
	loadClient14 loadClient
	loadClient15 loadClient
	loadClient16 loadClient
	loadClient17 loadClient
	loadClient18 loadClient
	loadClient19 loadClient
	loadClient20 loadClient
	loadClient21 loadClient
	loadClient22 loadClient
	loadClient23 loadClient
	loadClient24 loadClient
	loadClient25 loadClient
	loadClient26 loadClient
	loadClient27 loadClient
	loadClient28 loadClient
	loadClient29 loadClient
	loadClient30 loadClient
	loadClient31 loadClient
	loadClient32 loadClient
	loadClient33 loadClient
	loadClient34 loadClient
	loadClient35 loadClient
	loadClient36 loadClient
	loadClient37 loadClient
	loadClient38 loadClient
	loadClient39 loadClient
	loadClient40 loadClient
	loadClient41 loadClient
	loadClient42 loadClient
	loadClient43 loadClient
	loadClient44 loadClient
	loadClient45 loadClient
	loadClient46 loadClient
	loadClient47 loadClient
	loadClient48 loadClient
	loadClient49 loadClient
)

// loadTypes register the clients load-client00 to load-client49.
var loadTypes = []func(*container.ApplicationContext, ...container.BeanOption){
	client.Register[loadClient00], client.Register[loadClient01], client.Register[loadClient02], client.Register[loadClient03], client.Register[loadClient04],
	client.Register[loadClient05], client.Register[loadClient06], client.Register[loadClient07], client.Register[loadClient08], client.Register[loadClient09],
	client.Register[loadClient10], client.Register[loadClient11], client.Register[loadClient12], client.Register[loadClient13], client.Register[loadClient14],
	client.Register[loadClient15], client.Register[loadClient16], client.Register[loadClient17], client.Register[loadClient18], client.Register[loadClient19],
	client.Register[loadClient20], client.Register[loadClient21], client.Register[loadClient22], client.Register[loadClient23], client.Register[loadClient24],
	client.Register[loadClient25], client.Register[loadClient26], client.Register[loadClient27], client.Register[loadClient28], client.Register[loadClient29],
	client.Register[loadClient30], client.Register[loadClient31], client.Register[loadClient32], client.Register[loadClient33], client.Register[loadClient34],
	client.Register[loadClient35], client.Register[loadClient36], client.Register[loadClient37], client.Register[loadClient38], client.Register[loadClient39],
	client.Register[loadClient40], client.Register[loadClient41], client.Register[loadClient42], client.Register[loadClient43], client.Register[loadClient44],
	client.Register[loadClient45], client.Register[loadClient46], client.Register[loadClient47], client.Register[loadClient48], client.Register[loadClient49],
}
