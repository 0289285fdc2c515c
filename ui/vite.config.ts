import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** The API that `npm start` opens; used by the development server only. */
const apiAddress = 'http://127.0.0.1:4000';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // A data: URI would need a looser content security policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': {
        target: apiAddress,
        changeOrigin: true,
        // The API refuses foreign origins; here the proxy is the browser's origin.
        configure: (proxy) => {
          proxy.on('proxyReq', (request) => {
            request.removeHeader('origin');
          });
        },
      },
    },
  },
});
