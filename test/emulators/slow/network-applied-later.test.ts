import { networkMatrix } from '../network-matrix.js'

networkMatrix(['A1', 'Q', 'A3', 'A3+'])
