// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

func TestAWaitForAReconnectionEndsWithTheClient(t *testing.T) {
	for name, reloads := range map[string]int{"as it began": 0, "after a reload": 1, "after two": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port := portFunc(func(*http.Request) (*http.Response, error) {
					return answer(200, "retry: 3600000\ndata: a\n\n", "Content-Type", "text/event-stream"), nil
				})
				app := newApp(nil, through(port))
				client.Register[liveClient](app)
				require.NoError(t, app.Start(t.Context()))
				ended := make(chan error, 1)
				c := getBean[liveClient](t, app)
				go func() {
					_, err := collect(c.Events(context.Background()))
					ended <- err
				}()
				synctest.Wait()
				for range reloads {
					change(app, map[string]any{"pyfly.client.services.live.timeout": time.Second})
					synctest.Wait()
				}
				begun := time.Now()
				require.NoError(t, app.Stop(context.Background()))
				require.ErrorIs(t, <-ended, client.ErrStopped)
				require.Zero(t, time.Since(begun))
			})
		})
	}
}
