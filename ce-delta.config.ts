// The project pushes itself: `npm start` does it, and the hook in hooks/ does it after every commit.
import type { UserConfig } from './src/config/config.js'

export default {
  collectionName: 'ce-delta',
  // This checkout is a text: anything above a megabyte in it is a mistake.
  maxFileSize: '1 MiB',
} satisfies UserConfig
